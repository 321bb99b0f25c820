// The stored drafts of forms. Who signs out, on any page, leaves none behind.
import { has } from "../base/elements.js";

export const PREFIX = "starmodel-draft:";

export const stored = (run, otherwise = null) => {
  try {
    return run();
  } catch {
    return otherwise; // blocked or full: a draft is an offer, no promise
  }
};

export const draftKeys = () => stored(() => Object.keys(localStorage).filter((key) => key.startsWith(PREFIX)), []);
export const remove = (key) => stored(() => localStorage.removeItem(key));

let isSigningOut = false, isSignedOut = false;

// Whether this page's visitor signs out here, or has signed out in another tab.
export const isOver = () => isSigningOut || isSignedOut;

const signOuts = new BroadcastChannel("starmodel-sign-out");
signOuts.onmessage = () => {
  isSignedOut = true;
  draftKeys().forEach(remove);
};
document.addEventListener("submit", ({ target }) => {
  if (!(target instanceof HTMLFormElement && has(target, "data-signs-out"))) return;
  isSigningOut = true;
  draftKeys().forEach(remove);
}, true);
addEventListener("pagehide", () => isSigningOut && signOuts.postMessage(""));
// Who is asked whether to leave, and stays, has not signed out.
for (const kind of ["pageshow", "input", "change", "click"]) addEventListener(kind, () => (isSigningOut = false), true);
