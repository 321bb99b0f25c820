// A click anywhere in a row of a list opens its record, as the link in its first cell does.

const OWN = "a, button, input, select, textarea, label, summary, details, [contenteditable]";
const MIDDLE = 1;

let closesMenu = false;
document.addEventListener("pointerdown", () => (closesMenu = Boolean(document.querySelector("details.sm-menu[open]"))), true);

// Null for a click that closes a menu or ends a selection of text.
const linkOf = (event) => {
  const { target, button, defaultPrevented } = event, row = target.closest?.(".sm-table tbody tr");
  if (!row || defaultPrevented || button > MIDDLE || target.closest(OWN) || target.closest(".sm-pick, .sm-end")) return null;
  return row.inert || closesMenu || String(getSelection()) ? null : row.querySelector("a.sm-open");
};

const open = (event) => {
  const link = linkOf(event);
  if (!link) return;
  if (event.button === MIDDLE || event.ctrlKey || event.metaKey || event.shiftKey) window.open(link.href, "_blank", "noopener");
  else link.click();
};

document.addEventListener("click", open);
document.addEventListener("auxclick", open);
// Without the scrolling that a middle click starts in some browsers.
document.addEventListener("mousedown", (event) => event.button === MIDDLE && linkOf(event) && event.preventDefault());
