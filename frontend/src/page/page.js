// Parts of generated pages that are no form: toasts, menus, light and dark.

import { refuse } from "../base/elements.js";
import { text as sentence } from "../base/texts.js";

/* Toasts go by themselves, but not while somebody is at them. */

const TOAST_MS = 5000, ERROR_MS = 15_000; // who was looking elsewhere must still find what went wrong

const ICONS = { success: "check", error: "alert", warning: "alert" };

// An icon of the sprite that the page's own icons are from.
export const picture = (name) => {
  const sprite = document.querySelector(".sm-icon use")?.getAttribute("href")?.split("#")[0];
  if (!sprite) return "";
  const icon = document.querySelector(".sm-icon").cloneNode(true);
  icon.querySelector("use").setAttribute("href", `${sprite}#${name}`);
  return icon;
};

export const toast = (text, kind = "error", link = null) => {
  const box = document.createElement("div");
  Object.assign(box, { className: "sm-toast", role: kind === "error" ? "alert" : "status" });
  box.dataset.toast = kind;
  box.append(Object.assign(document.createElement("p"), { textContent: text }));
  if (link?.href && new URL(link.href, location).origin === location.origin)
    box.append(Object.assign(document.createElement("a"), { className: "sm-toast-link", href: link.href, textContent: link.text }));
  box.prepend(picture(ICONS[kind] ?? "info"));
  const close = Object.assign(document.createElement("button"), { type: "button", className: "uk-btn uk-btn-ghost uk-btn-icon uk-btn-xs" });
  close.dataset.dismiss = "";
  close.setAttribute("aria-label", sentence("dismiss"));
  close.append(picture("close"));
  box.append(close);
  document.getElementById("starmodel-toasts")?.append(box);
};

const leave = (node) => {
  if (node.matches(":hover, :focus-within")) setTimeout(leave, 1000, node);
  else node.remove();
};

const appeared = (node) => {
  const kind = node.dataset?.toast;
  if (kind === undefined) return;
  shorten(node.parentElement);
  uncover(node.parentElement);
  if (!["progress", "failure"].includes(kind)) setTimeout(leave, kind === "error" ? ERROR_MS : TOAST_MS, node);
};

for (const node of document.querySelectorAll("#starmodel-toasts > *")) setTimeout(appeared, 0, node);
new MutationObserver((changes) => {
  for (const node of changes.flatMap((change) => [...change.addedNodes])) appeared(node);
}).observe(document.body ?? document.documentElement, { childList: true, subtree: true });

/* The oldest leave when there are many; the progress of an event stays. */

const MOST_TOASTS = 4;

const shorten = (box) => {
  const passing = [...(box?.querySelectorAll(":scope > [data-toast]:not([data-toast=progress])") ?? [])];
  for (const node of passing.slice(0, -MOST_TOASTS)) node.remove();
};

/* They stand at the other edge of the window when they would cover what was pressed. */

let pressed = null;
for (const type of ["pointerdown", "keydown", "click"])
  document.addEventListener(type, ({ target }) => (pressed = target.closest?.("button, a, input, textarea, select, summary") ?? null), true);

const uncover = (box) => {
  if (box?.id !== "starmodel-toasts") return;
  if (box.childElementCount === 1) delete box.dataset.top;
  if (!pressed?.isConnected || pressed.closest("#starmodel-toasts")) return;
  const of = pressed.getBoundingClientRect(), at = box.getBoundingClientRect();
  if (of.left < at.right && of.right > at.left && of.top < at.bottom && of.bottom > at.top) box.dataset.top = "";
};

/* What an event said before it led to another page is read there. */

const CARRIED = "starmodel-toasts", CARRIED_MS = 10_000;

const linkOf = (node) => {
  const link = node.querySelector("a.sm-toast-link");
  return link && { href: link.href, text: link.textContent };
};

const earlier = new WeakMap(); // what an earlier request has said, by the element of the last one
const toasts = () => [...document.querySelectorAll("#starmodel-toasts > [data-toast]:not([data-toast=progress])")];

document.addEventListener("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
  if (type === "started") earlier.set(el, new Set(toasts()));
  if (!argsRaw?.leaves) return;
  const said = toasts().filter((node) => !earlier.get(el)?.has(node))
    .map((node) => [node.querySelector("p")?.textContent ?? "", node.dataset.toast, linkOf(node)]);
  try {
    if (said.length) sessionStorage.setItem(CARRIED, JSON.stringify({ said, at: Date.now() }));
  } catch {
    // Without storage it was to be read here, for as long as this page stood.
  }
}, true);

const carried = () => {
  try {
    const { said, at } = JSON.parse(sessionStorage.getItem(CARRIED) ?? "null") ?? { said: [], at: 0 };
    sessionStorage.removeItem(CARRIED);
    return Date.now() - at < CARRIED_MS ? said : [];
  } catch {
    return [];
  }
};
// A link to the page that it led to is of no use there.
for (const [text, kind, link] of carried()) toast(text, kind, link?.href === location.href ? null : link);

/* The progress of an event whose connection was lost: no end arrives, and a retry has its own progress. */

const progress = new WeakMap();

document.addEventListener("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
  const id = argsRaw?.elements?.match(/id="(starmodel-progress-[^"]+)"/)?.[1];
  if (type === "datastar-patch-elements" && id) progress.set(el, id);
  if (["retrying", "retries-failed", "error"].includes(type)) document.getElementById(progress.get(el))?.remove();
});

/* Menus close when something else is clicked, and by Escape. */

const closeMenus = (but) => {
  for (const menu of document.querySelectorAll("details.sm-menu[open]")) if (menu !== but) menu.open = false;
};

// What the menus of a list offer stands once beside it; it goes into a row's menu when that opens.
document.addEventListener("toggle", ({ target: menu }) => {
  // A closed menu keeps its items: one of them may wait for the answer to "Delete this for good?".
  if (!menu.matches?.("details.sm-menu") || !menu.open) return;
  const offered = menu.closest(".sm-list")?.querySelector("template[data-menu]");
  if (!offered) return;
  menu.querySelector(".sm-menu-items")?.remove();
  const box = document.createElement("div"), may = menu.dataset.may?.split(" ");
  box.className = "sm-menu-items";
  box.innerHTML = offered.innerHTML.replaceAll("%7Bid%7D", menu.closest("[data-key]").dataset.key);
  for (const item of [...box.children]) if (may && !may.includes(item.dataset.event)) item.remove();
  const refused = menu.dataset.refused ? JSON.parse(menu.dataset.refused) : {};
  for (const item of box.children) if (refused[item.dataset.event]) refuse(item, refused[item.dataset.event]);
  menu.append(box);
  const { bottom } = box.getBoundingClientRect();
  box.classList.toggle("sm-above", bottom > innerHeight && box.offsetHeight < menu.getBoundingClientRect().top);
}, true);

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-dismiss]")) target.closest("[data-toast]")?.remove();
  if (target.closest("[data-theme-switch]")) switchTheme();
  // A chosen action closes its menu too.
  const menu = target.closest("details.sm-menu");
  closeMenus(target.closest(".sm-item, .sm-more button") ? null : menu);
});

document.addEventListener("keydown", (event) => {
  const menu = document.activeElement?.closest("details.sm-menu[open]");
  if (event.key === "Escape") {
    closeMenus();
    menu?.querySelector("summary").focus();
  } else if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const items = [...menu.querySelectorAll(".sm-item, .sm-menu-items .uk-btn")], at = items.indexOf(document.activeElement);
    items.at((at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1)) % items.length)?.focus();
  }
});

// The same place and words as MonsterUI's own theme picker keeps the choice in.
const THEME = "__FRANKEN__";

const switchTheme = () => {
  const dark = document.documentElement.classList.toggle("dark");
  try {
    const stored = JSON.parse(localStorage.getItem(THEME) ?? "{}");
    localStorage.setItem(THEME, JSON.stringify({ ...stored, mode: dark ? "dark" : "light" }));
  } catch {
    // Without storage the choice holds for this page.
  }
};
