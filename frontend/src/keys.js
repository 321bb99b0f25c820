// Keys that work on every page: what they do is loaded when one is pressed.
const TYPED_IN = "input:not([type=button], [type=submit], [type=checkbox], [type=radio]), textarea, select, [contenteditable]:not([contenteditable=false])";
const ROW_KEYS = ["j", "k", "ArrowDown", "ArrowUp", "x", "e", "Enter"];

const finding = () => import("./finding/finding.js");
const rowKeys = () => import("./lists/row_keyboard.js");

const isShown = (el) => Boolean(el?.checkVisibility?.());
const shellInput = () => document.querySelector("[data-find]");

const find = () => {
  const input = shellInput();
  if (isShown(input)) input.focus();
  else palette();
};

// What is typed while the palette is loaded belongs to it.
let ahead = null;

const palette = () => {
  ahead ??= "";
  const done = () => {
    const input = document.querySelector("dialog.sm-palette[open] input"), typed = ahead;
    ahead = null;
    if (!input || !typed) return;
    input.value = typed + input.value;
    input.dispatchEvent(new Event("input", { bubbles: true }));
  };
  finding().then(({ openPalette }) => openPalette()).then(done, done);
};

document.addEventListener("keydown", (event) => {
  if (ahead !== null && event.key.length === 1 && !event.ctrlKey && !event.metaKey && !document.querySelector("dialog.sm-palette[open]")) {
    ahead += event.key;
    return event.preventDefault();
  }
  const { key, target, altKey, ctrlKey, metaKey, shiftKey } = event;
  if (event.defaultPrevented || event.isComposing || altKey || !shellInput()) return;
  if ((ctrlKey || metaKey) && !shiftKey && key.toLowerCase() === "k") {
    event.preventDefault();
    return palette();
  }
  if (ctrlKey || metaKey || target.closest?.(TYPED_IN) || document.querySelector("dialog[open]")) return;
  if (key === "/") {
    event.preventDefault();
    find();
  } else if (key === "?") {
    event.preventDefault();
    finding().then(({ openKeys }) => openKeys());
  } else if (ROW_KEYS.includes(key) && !shiftKey && document.querySelector("#content .sm-table")) {
    pressRow(event);
  }
});

// A row is current when it, or its link, has the focus. Without one, only j, k and the arrows on an idle page begin.
const pressRow = (event) => {
  const { key, target } = event, row = target.closest?.(".sm-table tbody tr");
  const isIdle = target === document.body || target.id === "content";
  const isMove = ["j", "k"].includes(key) || (key.startsWith("Arrow") && row);
  if (!(row || (isIdle && isMove))) return;
  if (row && target.closest("details, button, input:not([type=checkbox])") && key !== "j" && key !== "k") return;
  if (key === "Enter") return; // the link of the row has the focus
  event.preventDefault();
  rowKeys().then(({ press }) => press(key, row));
};

document.addEventListener("focusin", ({ target }) => {
  if (target.matches?.("[data-find]")) finding().then(({ attach }) => attach(target));
});

document.addEventListener("click", (event) => {
  const link = event.target.closest?.("[data-find-open]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  finding().then(({ openPalette }) => openPalette(), () => (location.href = link.href));
});
