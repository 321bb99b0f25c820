// Keys on the rows of a list: j and k or the arrows move, x selects, e edits; Enter opens by the link that has the focus.

const rows = () => [...document.querySelectorAll("#content .sm-table tbody tr")].filter((row) => row.querySelector("a.sm-open"));

const focus = (row) => {
  row?.querySelector("a.sm-open").focus({ preventScroll: true });
  const smooth = matchMedia("(prefers-reduced-motion: reduce)").matches ? "instant" : "smooth";
  row?.scrollIntoView({ block: "nearest", behavior: smooth });
};

const STEPS = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1 };

export const press = (key, row) => {
  const all = rows(), step = STEPS[key];
  if (step) return focus(row ? all[all.indexOf(row) + step] : step > 0 ? all[0] : all.at(-1));
  if (key === "x") row.querySelector(".sm-pick input")?.click();
  if (key === "e") edit(row);
};

// By the link in the menu of the row, which is filled in when the menu opens.
const edit = (row) => {
  const menu = row.querySelector("details.sm-menu"), may = menu?.dataset.may?.split(" ");
  const link = row.closest(".sm-list")?.querySelector("template[data-menu]")?.content.querySelector("a[data-event=update]");
  if (link && menu && (!may || may.includes("update"))) location.assign(link.getAttribute("href").replaceAll("%7Bid%7D", row.dataset.key));
};
