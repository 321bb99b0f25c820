// Every patch on its way to Datastar: what is older than what the page shows, or than what was typed, is left out.
import { guardOpen } from "../base/controls.js";
import { admitted, forgetVersions, guardControls, hasHolders } from "./inputs.js";
import { warnOfRowsWithoutKeys } from "./row_keys.js";
import { inOrder, isOutOfDate } from "./requests.js";

/* A viewer never sees an older state after a newer one. */

const seen = new Map();

const parts = (version = "") => {
  const at = version.lastIndexOf(" ");
  return [version.slice(0, at), Number(version.slice(at + 1))];
};

export const isOld = ({ version }) => {
  if (!version) return false;
  const [topic, number] = parts(version);
  if (number < (seen.get(topic) ?? -1)) return true;
  seen.set(topic, number);
  return false;
};

// Another server may count anew.
export const startAnew = () => {
  seen.clear();
  forgetVersions();
};

/* What the patch at hand belongs to: the version of a state, or the request that it answers. */

let origin = {};

export const isNews = (signals) => admitted(signals, origin);

const originOf = ({ argsRaw, request }) => ({
  version: argsRaw.version ? parts(argsRaw.version)[1] : undefined,
  request,
});

const signalsIn = (text) => {
  try {
    return JSON.parse(text);
  } catch {
    return null; // an expression, which somebody's own route may answer with
  }
};

const HANDLED = {
  "datastar-patch-signals"({ argsRaw, request }) {
    if (!hasHolders() && !request?.all) return;
    const signals = signalsIn(argsRaw.signals);
    if (signals) argsRaw.signals = JSON.stringify(admitted(inOrder(signals, request), origin));
  },
  "datastar-patch-elements"({ request, live, argsRaw }) {
    ends.push(guardControls(request), guardOpen());
    if (live && (!argsRaw.selector || argsRaw.selector.startsWith("[data-live-part="))) ends.push(() => warnOfRowsWithoutKeys(argsRaw.elements));
  },
};

let ends = [];

const during = (detail) => {
  const { argsRaw } = detail, transition = argsRaw.useViewTransition?.trim() === "true" && document.startViewTransition;
  if (!transition) return false;
  // The patch itself comes later then, and is to be guarded when it does.
  const now = { ...detail, argsRaw: { ...argsRaw, useViewTransition: "" } };
  document.startViewTransition(() => document.dispatchEvent(new CustomEvent("datastar-fetch", { detail: now })));
  return true;
};

document.addEventListener("datastar-fetch", (event) => {
  const { detail } = event, { type, argsRaw, live } = detail;
  if (!argsRaw) return;
  const isElements = type === "datastar-patch-elements";
  // Datastar applies replies itself: those that the stream, or a later reply, has overtaken are dropped.
  if ((!live && isOld(argsRaw)) || (isElements && (isOutOfDate(detail) || during(detail)))) return event.stopImmediatePropagation();
  origin = originOf(detail);
  HANDLED[type]?.(detail);
}, true);

// Datastar has applied it when this listener is called, because it has listened for longer.
document.addEventListener("datastar-fetch", () => {
  for (const end of ends) end();
  ends = [];
  origin = {};
});
