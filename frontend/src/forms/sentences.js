// The sentences beside inputs that say what is wrong with them.
import { matching } from "../base/elements.js";

export const sentences = (form) => matching(form, "small[id$='-problem']");
export const inputOf = (sentence) => document.getElementById(sentence.id.slice(0, -"-problem".length));

export const say = (sentence, text) => {
  if (sentence.textContent !== text) sentence.textContent = text;
  inputOf(sentence)?.setAttribute("aria-invalid", String(!!text));
};
