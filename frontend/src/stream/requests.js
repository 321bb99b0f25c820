// Requests of events: one submit at a time for each form, and answers that apply in the order of their requests.
import { action, actions } from "datastar";
import { CONTROLS } from "../base/controls.js";
import { above, has, isConnected, listen, matching, submit, unlisten } from "../base/elements.js";
import { accepted, isTyped, typedNow } from "./inputs.js";

/* A form that was filled in is sent once at a time: the same contents again are a second press of its button, other
   contents wait. A form that nobody touched is a button, and each click of it counts. */

const underWay = new WeakMap(); // form → { contents, again }
let isLeaving = false;

const contentsOf = (form) => {
  const named = [...new FormData(form)].map(([name, value]) => [name, value.name ?? value, value.size]);
  const unnamed = matching(form, ":is(input, textarea, select):not([name])").map((el) => [el.value, el.checked]);
  return JSON.stringify([named, unnamed]);
};

// True when the form may be sent now; it is free again after `finish`.
export const claim = (form, submitter) => {
  const before = underWay.get(form);
  if (isLeaving) return false;
  if (!has(form, "data-once") && !isTyped(matching(form, CONTROLS))) return true;
  if (before && before.contents !== contentsOf(form)) before.again = { submitter };
  if (!before) underWay.set(form, { contents: contentsOf(form), again: null });
  return !before;
};

const finish = (form) => {
  const { again } = underWay.get(form) ?? {};
  underWay.delete(form);
  if (again && !isLeaving && isConnected(form)) submit(form, again.submitter);
};

addEventListener("pageshow", () => (isLeaving = false));

/* Datastar's events name the element. Ours goes by a stand-in, which tells its requests apart. */

const requests = new WeakMap(); // element → { number, count, applied } of its requests
const nothing = () => false;

const begin = (el, { carries = nothing }) => {
  const all = requests.get(el) ?? { number: 0, count: 0, applied: new Map() };
  requests.set(el, all);
  all.count++;
  const form = el instanceof HTMLFormElement ? el : null;
  return {
    el, all, carries, at: typedNow(), number: ++all.number,
    controls: () => (form ? matching(form, "input, textarea, select") : [el]),
  };
};

const end = ({ el, all }) => {
  if (--all.count === 0) all.applied.clear();
  if (el instanceof HTMLFormElement) finish(el);
};

const withSubmitter = (form, submitter, run) => {
  const name = submitter?.getAttribute("name");
  if (!name) return run();
  const add = ({ formData }) => formData.append(name, submitter.value);
  listen(form, "formdata", add);
  try {
    return run();
  } finally {
    unlisten(form, "formdata", add);
  }
};

for (const method of ["get", "post", "put", "patch", "delete"]) {
  const send = actions[method];
  action({
    name: method,
    apply(context, url, options = {}) {
      const { el, evt } = context;
      if (!options.isEvent) return send(context, url, options);
      const isForm = el instanceof HTMLFormElement && evt?.type === "submit";
      if (isForm && !options.isClaimed && !claim(el, evt.submitter)) return;
      const request = begin(el, options);
      const standIn = { request, closest: (selector) => above(el, selector) };
      const run = () => send({ ...context, el: standIn }, url, options);
      return (isForm ? withSubmitter(el, evt.submitter, run) : run()).finally(() => end(request));
    },
  });
}

const others = new WeakMap(); // element → when it sent a request that is not an event of ours

document.addEventListener("datastar-fetch", (event) => {
  const { detail } = event, { type, el, argsRaw } = detail;
  if (el?.request) {
    detail.request = el.request;
    detail.el = el.request.el;
  } else if (!detail.live) {
    if (type === "started") others.set(el, { at: typedNow() });
    detail.request = others.get(el);
  }
  if (argsRaw?.leaves) isLeaving = true;
  if (argsRaw?.status?.startsWith("2") && detail.request?.all) {
    const [state, version] = (argsRaw.made ?? "").split(" ");
    accepted(detail.request, state, version && Number(version));
  }
}, true);

/* An answer that comes after a newer one of the same element adds what it adds, but replaces nothing. */

const ADDING = ["append", "prepend", "before", "after", "remove"];

const isOvertaken = ({ all, number }, target) => {
  if ((all.applied.get(target) ?? 0) > number) return true;
  if (all.count > 1) all.applied.set(target, number);
  return false;
};

const targetsOf = ({ selector, elements = "" }) => {
  if (selector) return [selector];
  const template = document.createElement("template");
  template.innerHTML = elements;
  return [...template.content.children].map((el) => `#${el.getAttribute("id")}`);
};

// True for elements that a newer answer has already replaced.
export const isOutOfDate = ({ request, argsRaw }) =>
  Boolean(request?.all) && !ADDING.includes(argsRaw.mode)
  && targetsOf(argsRaw).map((target) => isOvertaken(request, target)).some(Boolean);

// The signals without those that a newer answer has already set.
export const inOrder = (signals, request, prefix = "$") => {
  if (!request?.all || (request.all.count < 2 && !request.all.applied.size)) return signals;
  const entries = Object.entries(signals).map(([name, value]) => {
    const isObject = value && typeof value === "object" && !Array.isArray(value);
    return [name, isObject ? inOrder(value, request, `${prefix}${name}.`) : value, isObject];
  });
  return Object.fromEntries(entries.filter(([name, , isObject]) => isObject || !isOvertaken(request, prefix + name)));
};
