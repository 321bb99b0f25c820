// The tabs of forms, as ARIA describes them: one is a tab stop, arrow keys move to the others.
import { above, attribute, first, matching, set, toggle } from "../base/elements.js";

const tabsOf = (box) => matching(box, "[role=tab]");
const panelOf = (tab) => document.getElementById(attribute(tab, "aria-controls"));

const select = (tab) => {
  for (const each of tabsOf(above(tab, "[data-tabs]"))) {
    const isChosen = each === tab;
    set(each, "aria-selected", String(isChosen));
    set(each, "tabindex", isChosen ? "0" : "-1");
    set(panelOf(each), "data-closed", isChosen ? null : "");
  }
};

const KEYS = { ArrowRight: 1, ArrowLeft: -1, Home: -Infinity, End: Infinity };

document.addEventListener("click", ({ target }) => {
  const tab = target.closest?.("[data-tabs] [role=tab]");
  if (tab) select(tab);
});

document.addEventListener("keydown", (event) => {
  const tab = event.target.closest?.("[data-tabs] [role=tab]"), step = KEYS[event.key];
  if (!tab || step === undefined) return;
  event.preventDefault();
  const all = tabsOf(above(tab, "[data-tabs]")), at = all.indexOf(tab);
  const isRightToLeft = getComputedStyle(tab).direction === "rtl" && Number.isFinite(step);
  const next = Number.isFinite(step) ? (at + (isRightToLeft ? -step : step) + all.length) % all.length : step < 0 ? 0 : all.length - 1;
  select(all[next]);
  all[next].focus();
});

// Opens the tab of an input, which could not have the focus otherwise.
export const reveal = (el) => {
  const panel = el && above(el, "[role=tabpanel]"), tab = panel && document.getElementById(attribute(panel, "aria-labelledby"));
  if (tab) select(tab);
};

// Marks the tabs with a refused input.
export const markTabs = (form) => {
  for (const box of matching(form, "[data-tabs]"))
    for (const tab of tabsOf(box))
      if (Boolean(first(panelOf(tab), "[aria-invalid=true]")) !== tab.hasAttribute("data-refused")) toggle(tab, "data-refused");
};

const showRefused = (form) => {
  markTabs(form);
  reveal(first(form, "[aria-invalid=true]"));
};

document.addEventListener("starmodel-answered", ({ detail: { form, accepted } }) => (accepted ? markTabs(form) : showRefused(form)));
for (const form of document.querySelectorAll("form:has([data-tabs])")) showRefused(form);
