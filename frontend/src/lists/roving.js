// One tab stop for the buttons of a toolbar, the headings of a table and the views; arrow keys move between them.
const GROUPS = ".sm-toolbar [role=toolbar], .sm-list > .sm-wide thead, .sm-views";
const ITEMS = ":is(summary, a.sm-sort, .sm-views > a)";
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

const itemsOf = (group) => [...group.querySelectorAll(ITEMS)].filter((item) => item.checkVisibility?.() ?? true);

const select = (items, chosen) => {
  for (const item of items) {
    if (item === chosen) item.removeAttribute("tabindex");
    else item.tabIndex = -1;
  }
};

export const rove = () => {
  for (const group of document.querySelectorAll(GROUPS)) {
    const items = itemsOf(group), marked = items.find((item) => item === document.activeElement || item.ariaCurrent || item.closest("[aria-sort]"));
    select(items, marked ?? items[0]);
  }
};

document.addEventListener("focusin", ({ target }) => {
  const group = target.matches?.(ITEMS) && target.closest(GROUPS);
  if (group) select(itemsOf(group), target);
});

document.addEventListener("keydown", (event) => {
  const { target, key, altKey, ctrlKey, metaKey } = event;
  const group = !altKey && !ctrlKey && !metaKey && target.matches?.(ITEMS) && target.closest(GROUPS);
  if (!group) return;
  const items = itemsOf(group), at = items.indexOf(target), last = items.length - 1;
  const step = (STEPS[key] ?? 0) * (getComputedStyle(group).direction === "rtl" ? -1 : 1);
  const to = key === "Home" ? 0 : key === "End" ? last : at + step;
  if (to === at || to < 0 || to > last) return;
  event.preventDefault();
  items[to].focus();
});

// What is visible depends on the width, such as the headings on a phone.
addEventListener("resize", rove);
rove();
