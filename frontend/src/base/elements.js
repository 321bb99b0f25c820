// Elements by the methods of their prototypes: the fields of a form hide its own, whatever they are called.

const { prototype } = Element;

export const attribute = (el, name) => prototype.getAttribute.call(el, name);
export const has = (el, name) => prototype.hasAttribute.call(el, name);
export const set = (el, name, value) =>
  value === null ? prototype.removeAttribute.call(el, name) : prototype.setAttribute.call(el, name, value);
export const toggle = (el, name) => prototype.toggleAttribute.call(el, name);
export const is = (el, selector) => prototype.matches.call(el, selector);
export const above = (el, selector) => prototype.closest.call(el, selector);
export const first = (el, selector) => prototype.querySelector.call(el, selector);
export const matching = (el, selector) => [...prototype.querySelectorAll.call(el, selector)];
export const listen = (el, type, listener) => EventTarget.prototype.addEventListener.call(el, type, listener);
export const unlisten = (el, type, listener) => EventTarget.prototype.removeEventListener.call(el, type, listener);
export const reset = (form) => HTMLFormElement.prototype.reset.call(form);
export const submit = (form, submitter) => HTMLFormElement.prototype.requestSubmit.call(form, submitter);
export const isConnected = (el) => document.contains(el);

// A button that is not possible now stays focusable, and says why.
export const refuse = (button, reason) => {
  if (reason) button.setAttribute("aria-disabled", "true");
  else button.removeAttribute("aria-disabled");
  const title = reason || button.dataset.hint;
  if (title) button.title = title;
  else button.removeAttribute("title");
};
