// Another page, order or filter of a list is shown in place: typed text, open panels and chosen rows stay.
import { attribute } from "../base/elements.js";
import { showCounts } from "./list_count.js";
import { startAnew } from "../stream/patches.js";
import { restoreRows } from "./row_selection.js";
import { remember } from "./rows.js";
import { rove } from "./roving.js";

const LIST = ".sm-list:has(> [data-filters])";
let visit = null;
let wanted = location.pathname + location.search; // what is shown, or on its way

export const listOf = (el) => el?.closest?.(LIST) ?? null;
export const wantedUrl = () => wanted;

const parse = (text) => new DOMParser().parseFromString(text, "text/html");

// Parts of the page by their selectors; those of a toolbar in use are replaced one by one.
const replace = (old, now, selector) => {
  const [was, is] = [old.querySelector(selector), now.querySelector(selector)];
  if (was && is) was.replaceWith(is);
};

const replaceParts = (list, fresh) => {
  for (const part of fresh.querySelectorAll("[data-part]")) {
    const selector = `[data-part="${part.dataset.part}"]`, old = list.querySelector(selector);
    if (!old) continue;
    const focus = old.contains(document.activeElement) ? document.activeElement.dataset.column : undefined;
    old.replaceWith(part);
    if (focus !== undefined) (part.querySelector(`[data-column="${CSS.escape(focus)}"]`) ?? part.querySelector("a"))?.focus();
  }
};

const replaceToolbar = (list, fresh) => {
  const open = [...list.querySelectorAll("[data-tool][open]")].map((tool) => tool.dataset.tool);
  const hadFocus = list.querySelector(":scope > [data-filters], [data-part=chips]")?.contains(document.activeElement)
    || list.querySelector("[data-part=chips]")?.contains(document.activeElement);
  for (const name of open) fresh.querySelector(`[data-tool="${name}"]`)?.setAttribute("open", "");
  replace(list, fresh, ":scope > [data-filters]");
  replace(list, fresh, "[data-part=chips]");
  if (hadFocus) (list.querySelector(".sm-filter-chip") ?? list.querySelector("[type=search], summary"))?.focus({ preventScroll: true });
};

const exchange = (list, fresh, keeps) => {
  if (keeps) replaceParts(list, fresh);
  else replaceToolbar(list, fresh);
  const sort = document.activeElement?.closest?.("thead a")?.dataset.order?.replace("-", "");
  const wasInPages = document.activeElement?.closest?.(".sm-pages") !== null && document.activeElement !== document.body;
  for (const selector of [":scope > .sm-wide", ":scope > .sm-pages"]) replace(list, fresh, selector);
  for (const row of list.querySelectorAll("tbody > [data-key]")) remember(row);
  if (sort) list.querySelector(`thead a[data-order$="${CSS.escape(sort)}"]`)?.focus({ preventScroll: true });
  else if (wasInPages) list.querySelector(".sm-pages a")?.focus({ preventScroll: true });
  if (list.getBoundingClientRect().top < 0) list.scrollIntoView({ block: "start" });
};

// The page's stream follows the list that is shown now.
const follow = (page) => {
  const now = page.getElementById("starmodel-live"), live = document.getElementById("starmodel-live");
  startAnew(); // its versions may be those of a new list of the server
  live.replaceWith(now);
};

const isSameBuild = (page) => {
  const [now, live] = [page, document].map((each) => each.getElementById("starmodel-live"));
  return now && live && attribute(now, "data-build") === attribute(live, "data-build");
};

export const showList = async (list, url, { replaces = false, keeps = false } = {}) => {
  visit?.abort();
  const mine = (visit = new AbortController());
  const where = new URL(url, location);
  wanted = where.pathname + where.search;
  list.setAttribute("aria-busy", "true");
  try {
    const response = await fetch(url, { headers: { Accept: "text/html" }, signal: mine.signal });
    const page = response.ok && !response.redirected ? parse(await response.text()) : null;
    const fresh = page?.querySelector(LIST);
    if (!fresh || !isSameBuild(page)) return location.assign(url);
    history[replaces ? "replaceState" : "pushState"]({ list: true }, "", url);
    exchange(list, fresh, keeps);
    replace(document, page, ".sm-views");
    follow(page);
    restoreRows(list);
    showCounts(list);
    settle();
    rove();
  } catch (error) {
    if (!mine.signal.aborted) location.assign(url);
  } finally {
    if (visit === mine) list.removeAttribute("aria-busy");
  }
};

addEventListener("popstate", () => {
  const list = document.querySelector(LIST), now = location.pathname + location.search;
  if (!list || now === wanted) return;
  showList(list, location.href, { replaces: true });
});

/* Links to other pages and orders. With Shift, a heading adds its column to the order. */

const LINKS = ".sm-toolbar a:not([download]), .sm-filter-chips a, thead a, .sm-pages a, .sm-empty a";

const added = (link) => {
  const url = new URL(wanted, location), term = link.dataset.order, name = term.replace(/^-/, "");
  const terms = (url.searchParams.get("order") ?? "").split(",").filter(Boolean);
  const at = terms.findIndex((each) => each.replace(/^-/, "") === name);
  if (at >= 0) terms[at] = term;
  else terms.push(term);
  url.searchParams.set("order", terms.join(","));
  url.searchParams.delete("page");
  return url.href;
};

document.addEventListener("click", (event) => {
  const link = event.target.closest?.(LINKS), list = listOf(link);
  if (!list || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.altKey) return;
  const isAdded = event.shiftKey && link.dataset.order !== undefined;
  if ((event.shiftKey && !isAdded) || new URL(link.href).pathname !== location.pathname) return;
  event.preventDefault();
  if (link.dataset.column !== undefined) noteColumns(link.href);
  showList(list, isAdded ? added(link) : link.href, { keeps: link.dataset.column !== undefined });
});

document.addEventListener("change", ({ target }) => {
  if (target.matches?.("[data-go]") && listOf(target)) showList(listOf(target), target.value);
});

/* The columns that were chosen in this browser are those of the next visit. */

const storage = () => `starmodel-columns:${location.pathname}`;

const noteColumns = (href) => {
  try {
    const columns = new URL(href).searchParams.get("columns");
    if (columns) localStorage.setItem(storage(), columns);
    else localStorage.removeItem(storage());
  } catch {
    // Without storage the choice is that of the address.
  }
};

const storedColumns = () => {
  try {
    return localStorage.getItem(storage());
  } catch {
    return null;
  }
};

/* The table can be focused only where it has to be scrolled. */

export const settle = () => {
  for (const region of document.querySelectorAll(".sm-list > .sm-wide")) {
    const scrolls = region.scrollWidth > region.clientWidth + 1;
    if (scrolls) region.setAttribute("tabindex", "0");
    else region.removeAttribute("tabindex");
  }
};
addEventListener("resize", settle);
settle();

const list = document.querySelector(LIST), columns = list && storedColumns();
if (columns && !new URLSearchParams(location.search).has("columns")) {
  const url = new URL(location);
  url.searchParams.set("columns", columns);
  showList(list, url.href, { replaces: true });
} else if (list) {
  showCounts(list);
}
