// "1–25 of 500", once the page is shown: the number of all records is asked for behind the first paint.

import { showGroups, showTotals } from "./groups.js";

const AGAIN_MS = 1500;
const known = new Map(); // address → the newest answer

const pagesOf = () => document.querySelectorAll(".sm-pages[data-count]");

const setText = (el, text) => {
  if (el && el.textContent !== text) el.textContent = text;
};

const fill = (nav) => {
  const { count, first, last, page, size, range, pageOf, atLeast } = nav.dataset, answer = known.get(count);
  if (!answer || Number(last) < Number(first)) return;
  const total = Math.max(answer.total, Number(last)), shown = total.toLocaleString();
  const number = answer.more ? atLeast.replace("{total}", shown) : shown;
  setText(nav.querySelector(".sm-shown-rows"), range.replace("{first}", first).replace("{last}", last).replace("{total}", number));
  if (answer.more) return;
  const pages = Math.max(1, Math.ceil(total / size)), end = nav.querySelector(".sm-last-page");
  setText(nav.querySelector(".sm-page-of"), pageOf.replace("{page}", page).replace("{pages}", pages));
  if (!end || pages <= page) return;
  const url = new URL(end.href);
  url.searchParams.set("page", pages);
  if (end.getAttribute("href") !== url.pathname + url.search) end.setAttribute("href", url.pathname + url.search);
  end.hidden = false;
};

const ask = async (nav) => {
  const { count } = nav.dataset;
  try {
    const response = await fetch(count, { headers: { Accept: "application/json" } });
    if (!response.ok) return; // the list is shown without it
    known.set(count, await response.json());
  } catch {
    return;
  }
  for (const each of pagesOf()) fill(each);
  const { totals, groups } = known.get(count);
  showTotals(totals);
  showGroups(groups);
  document.dispatchEvent(new CustomEvent("starmodel-counted"));
};

export const showCounts = (list) => {
  for (const nav of list.querySelectorAll(".sm-pages[data-count]")) {
    fill(nav);
    setTimeout(ask, 0, nav);
  }
};

export const totalOf = (list) => known.get(list.querySelector(".sm-pages[data-count]")?.dataset.count);

/* A live change brings the position anew, without the number, and may have changed it. */

let again;

document.addEventListener("datastar-fetch", ({ detail: { type } }) => {
  if (!["datastar-patch-elements", "starmodel-rows"].includes(type) || !pagesOf().length) return;
  setTimeout(() => pagesOf().forEach(fill), 0);
  if (type !== "starmodel-rows") return;
  clearTimeout(again);
  again = setTimeout(() => pagesOf().forEach(ask), AGAIN_MS);
});
