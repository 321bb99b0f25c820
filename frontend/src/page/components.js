// Franken UI's components for pages that use them: loaded when one appears.

/* Which of its scripts a page needs. They come from this server, and no other page loads them. */

const scripts = {
  core: () => import("franken-core").then(() => import("./drawn_parts.js")),
  icons: () => import("franken-icons"),
  charts: () => import("franken-charts"),
};
const loaded = {};
// The others build on what the core leaves in `window`.
const load = (name) => (loaded[name] ??= name === "core" ? scripts.core() : load("core").then(scripts[name]));

const COMPONENT = `boolean(descendant-or-self::*[starts-with(local-name(), "uk-")]
  | descendant-or-self::*/@*[starts-with(local-name(), "uk-") or starts-with(local-name(), "data-uk-")])`;

const has = (node, selector) => node.matches?.(selector) || node.querySelector(selector) !== null;

const look = (node) => {
  if (!loaded.core && document.evaluate(COMPONENT, node, null, XPathResult.BOOLEAN_TYPE).booleanValue) load("core");
  if (!loaded.core) return;
  if (has(node, "uk-icon")) load("icons");
  if (has(node, "uk-chart")) load("charts");
};

new MutationObserver((changes) => {
  for (const { addedNodes } of changes)
    for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) look(node);
}).observe(document.documentElement, { childList: true, subtree: true });
look(document.documentElement);
