// Keys of events: a letter acts on the record that has the focus, Alt and a letter on the whole page.

const TYPED_IN = "input:not([type=button], [type=submit]), textarea, select, [contenteditable]:not([contenteditable=false])";

// With Alt some keyboards make other characters, so the key itself counts.
const keyOf = ({ altKey, code, key }) => (altKey ? `Alt+${code.replace(/^(Key|Digit)/, "")}` : key.toUpperCase());

const buttonOf = (shortcut) =>
  [...document.querySelectorAll(`[data-act][aria-keyshortcuts="${CSS.escape(shortcut)}"]`)].find((button) => !button.closest("[hidden]"));

document.addEventListener("keydown", (event) => {
  const { target, altKey, ctrlKey, metaKey, shiftKey } = event;
  if (event.defaultPrevented || event.isComposing || event.repeat || ctrlKey || metaKey || shiftKey) return;
  if (target.matches?.(TYPED_IN) || document.querySelector("dialog[open]")) return;
  // WCAG 2.1.4: a character alone acts while the record has the focus, nowhere else.
  if (!altKey && !target.closest?.("#content")) return;
  const button = buttonOf(keyOf(event));
  if (!button) return;
  event.preventDefault();
  button.click();
});
