// What the page offers, as commands: its links, its events, the account, and what was chosen last in this tab.
import { picture } from "../page/page.js";

const RECENT = "starmodel-recent", MOST_RECENT = 5;

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const textOf = (node) => node.getAttribute("aria-label") ?? node.textContent.trim();
const all = (selector) => [...document.querySelectorAll(selector)];
const iconOf = (node) => node.querySelector(".sm-icon")?.cloneNode(true);

const links = (selector) => all(selector).map((link) => ({ title: textOf(link), url: link.href, icon: iconOf(link) }));
const buttons = (selector) => all(selector).map((button) => ({ title: textOf(button), icon: iconOf(button), run: () => button.click() }));

/* Events of the page: their buttons say whether they are possible. */

export const eventButtons = () => all("#content [data-act]").filter((button) => !button.closest("[hidden], template") && textOf(button));

const events = () =>
  eventButtons().map((button) => ({
    title: textOf(button), icon: iconOf(button) ?? picture("right"), keys: button.getAttribute("aria-keyshortcuts"),
    reason: button.getAttribute("aria-disabled") === "true" ? button.title : "", run: () => button.click(),
  }));

/* Recent records and pages. Another session in the same tab sees none of them. */

const session = () => document.getElementById("starmodel-toasts")?.dataset.session;

const recent = () => {
  try {
    const kept = JSON.parse(sessionStorage.getItem(RECENT) ?? "null");
    return kept?.session === session() ? kept.items : [];
  } catch {
    return [];
  }
};

export const remember = ({ title, detail, url }) => {
  if (!url) return;
  const items = [{ title, detail, url }, ...recent().filter((each) => each.url !== url)].slice(0, MOST_RECENT);
  try {
    sessionStorage.setItem(RECENT, JSON.stringify({ session: session(), items }));
  } catch {
    // Without storage there are no recent ones.
  }
};

const matching = (items, words) => {
  if (!words) return items;
  const parts = plain(words).split(/\s+/), isFirst = ({ title }) => plain(title).startsWith(parts[0]);
  const begins = (title, part) => plain(title).split(/\s+/).some((word) => word.startsWith(part));
  const found = items.filter(({ title }) => parts.every((part) => begins(title, part)));
  return [...found.filter(isFirst), ...found.filter((item) => !isFirst(item))];
};

export const commands = (texts) => {
  const theme = document.querySelector("[data-theme-switch]");
  const groups = [
    { title: texts.recent, items: recent().map((item) => ({ ...item, icon: picture("right") })), isRecent: true },
    { title: texts.events, items: events() },
    { title: texts.pages, items: links("#starmodel-nav nav a[href]:not(.sm-side-new)") },
    { title: texts.create, items: links("#starmodel-nav .sm-side-new") },
    {
      title: texts.account,
      items: [
        ...links("#starmodel-nav .sm-side-end a[href]"), ...buttons("#starmodel-nav .sm-side-end form button:not([data-theme-switch])"),
        ...(theme ? [{ title: texts.theme, icon: picture("moon"), run: () => theme.click() }] : []),
      ],
    },
  ];
  return (words) => groups.filter(({ isRecent }) => !(words && isRecent)).map(({ title, items }) => ({ title, items: matching(items, words) }));
};
