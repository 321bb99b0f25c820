// What is wrong with a form, said beside its inputs: by the browser what only it knows, by the server all else.
import { isChanged } from "../base/controls.js";
import { isAway, isBack } from "./away.js";
import { above, attribute, has, isConnected, matching, set } from "../base/elements.js";
import { inputOf, say, sentences } from "./sentences.js";
import { markTabs, reveal } from "./tabs.js";
import { text as textOf } from "../base/texts.js";
import { CHECK_HEADER, FIELD, GIVEN, ROWS, SEVERAL_SUFFIX } from "../base/wire_names.js";

const sentenceOf = (input) => document.getElementById(`${input.id}-problem`);

// The server's sentences stand beside the inputs; the browser's own bubbles would only say them again.
const ownSentences = ({ target }) => {
  const form = target.form ?? target.closest?.("form");
  if (form && has(form, "data-check")) set(form, "novalidate", "");
};
document.addEventListener("focusin", ownSentences);
document.addEventListener("click", ownSentences, true);
if (document.activeElement) ownSentences({ target: document.activeElement });

/* An input that is not complete sends nothing, so that only the browser can tell. */

const INCOMPLETE = { number: "number", date: "date", "datetime-local": "datetime", time: "time" };
const OTHER = { email: "email", url: "url" };

const sizeText = (bytes) =>
  bytes < 1e3 ? textOf("bytes", { n: bytes }) : bytes < 1e6 ? `${Math.floor(bytes / 100) / 10} kB` : `${Math.floor(bytes / 1e5) / 10} MB`;

// A request that is too large ends before its answer can be read, so that its size is checked here.
const FORM_BYTES = 10_000; // what a form sends besides its files
const tooLarge = ({ form, files, dataset: { maxBytes } }) => {
  if (maxBytes && [...files].some(({ size }) => size > maxBytes)) return textOf("file_size", { size: sizeText(maxBytes) });
  const most = attribute(form, "data-max-body");
  if (!most || !files.length) return "";
  const all = matching(form, "input[type=file]").flatMap((input) => [...input.files]);
  const least = Math.min(FORM_BYTES, most / 2);
  return all.reduce((sum, { size }) => sum + size, 0) > most - least ? textOf("files_size", { size: sizeText(most) }) : "";
};

const problemOf = (input) => {
  if (input.type === "file" && input.form) {
    const problem = tooLarge(input);
    if (problem) return problem;
    if (input.validity.valueMissing) return textOf("file");
  }
  const { badInput, customError, valueMissing, typeMismatch } = input.validity;
  if (customError) return input.validationMessage;
  if (badInput) return textOf(INCOMPLETE[input.type] ?? "fill_in");
  if (valueMissing) return textOf("fill_in");
  return typeMismatch && isChanged(input) ? (OTHER[input.type] ? textOf(OTHER[input.type]) : "") : "";
};

const problems = (form) =>
  matching(form, "input, textarea, select")
    .map((input) => [input, sentenceOf(input), problemOf(input)])
    .filter(([input, sentence, problem]) => sentence && problem && input.willValidate);

document.addEventListener("submit", (event) => {
  if (!has(event.target, "data-check")) return;
  const found = problems(event.target);
  if (!found.length) return;
  event.preventDefault();
  event.stopImmediatePropagation();
  for (const [, sentence, problem] of found) say(sentence, problem);
  markTabs(event.target);
  reveal(found[0][0]);
  found[0][0].focus();
}, true);

/* What an answer refused stays refused until the input changes: only a commit sees a taken name. */

const refused = new WeakMap(); // sentence → the input's value that was refused

export const rememberRefusals = (form) => {
  for (const sentence of sentences(form)) {
    if (sentence.textContent) refused.set(sentence, inputOf(sentence)?.value);
    else refused.delete(sentence);
  }
};

document.addEventListener("starmodel-answered", ({ detail: { form } }) => rememberRefusals(form));

const refusalOf = (sentence) =>
  refused.has(sentence) && refused.get(sentence) === inputOf(sentence)?.value ? sentence.textContent : "";

/* While typing the server says what it would refuse, about inputs that were touched. */

// A nested value is checked as a whole, a row of children by each of its inputs.
const partOf = (name) => /^[^.]+\.\d+\./.test(name) ? name.split(".").slice(0, 3).join(".") : name.split(".")[0];

/* Computed fields of the record, as the server computes them from what is typed. */

const outputsOf = (form) => matching(form, "output[data-output]");
const computedAs = new WeakMap(); // output → the server's HTML, which the visitor's locale changes

const showComputed = (form, computed) => {
  for (const output of outputsOf(form)) {
    const { output: name } = output.dataset;
    if (!Object.hasOwn(computed, name) || computedAs.get(output) === computed[name]) continue;
    computedAs.set(output, computed[name]);
    output.innerHTML = computed[name];
    delete output.dataset.pending;
  }
};

const CHECK_AFTER_MS = 350, CHECK_AGAIN_MS = 3000;
const touched = new WeakMap();

const check = async (form) => {
  const state = touched.get(form), data = new FormData(form);
  state.abort?.abort();
  const { signal } = (state.abort = new AbortController());
  for (const [name, value] of [...data]) if (value instanceof File) data.delete(name);
  try {
    const answer = await fetch(attribute(form, "action"), {
      method: "POST", body: new URLSearchParams(data), signal,
      headers: { Accept: "application/json", [CHECK_HEADER]: "1" },
    });
    isBack(form);
    if (!answer.ok || attribute(form, "aria-busy") === "true") return;
    const { errors, computed = {} } = await answer.json(), own = new Map(problems(form).map(([, sentence, problem]) => [sentence, problem]));
    for (const sentence of sentences(form)) {
      const name = sentence.id.slice(attribute(form, "id").length + 1, -"-problem".length);
      if (state.names.has(partOf(name))) 
        say(sentence, own.get(sentence) ?? (Object.hasOwn(errors, name) ? errors[name] : refusalOf(sentence)));
    }
    markTabs(form);
    showComputed(form, computed);
  } catch {
    // Nothing is lost: the form is checked again when the server is back, or when it is sent.
    if (signal.aborted || !isConnected(form)) return;
    if (attribute(form, "aria-busy") !== "true") isAway(form, "away");
    state.timer = setTimeout(check, CHECK_AGAIN_MS, form);
  }
};

const stateOf = (form) => touched.get(form) ?? touched.set(form, { names: new Set() }).get(form);
const checkSoon = (form) => {
  const state = stateOf(form);
  clearTimeout(state.timer);
  state.timer = setTimeout(check, CHECK_AFTER_MS, form);
};

const touch = ({ target, type }) => {
  const { form } = target, sent = target.records?.name ?? target.name; // a picker's id is in an input of its own
  if (!form || !has(form, "data-check") || !sent) return;
  const { names } = stateOf(form);
  // What is still being typed for the first time is not called wrong before it is left.
  const name = partOf([FIELD, GIVEN, ROWS].reduce((rest, prefix) => rest.replace(prefix, ""), sent.replace(SEVERAL_SUFFIX, "")));
  if (type !== "input" || names.has(name) || sentenceOf(target)?.textContent) names.add(name);
  else if (!outputsOf(form).length) return;
  checkSoon(form);
};
document.addEventListener("input", touch);
document.addEventListener("change", touch);
// A half-typed date, or a number that is none, changes no value.
document.addEventListener("focusout", ({ target }) => target.validity?.badInput && touch({ target, type: "change" }));

document.addEventListener("reset", ({ target }) => {
  clearTimeout(touched.get(target)?.timer);
  touched.delete(target);
  for (const sentence of sentences(target)) {
    refused.delete(sentence);
    say(sentence, "");
  }
  if (has(target, "data-check") && outputsOf(target).length) checkSoon(target);
});

for (const form of document.querySelectorAll("form[data-check]:has(output[data-pending])")) checkSoon(form);
