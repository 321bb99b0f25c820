// Names of signals. Datastar follows paths of names through plain objects, so the key of a dict must be
// one name, and never that of a property that all objects of the page share. The server encodes keys so;
// what comes from elsewhere (a route of the application, this browser's storage) is encoded here.
import { action } from "datastar";

const INHERITED = new Set([...Object.getOwnPropertyNames(Object.prototype), "prototype", "toJSON"]);
const escaped = (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;

const nameOf = (key) => (INHERITED.has(key) ? escaped(key[0]) + key.slice(1) : key.replace(/\.|^_(?=_)/g, escaped));
const keyOf = (name) =>
  name === "%" ? "" : name.replace(/%([0-9A-F]{2})/g, (_, code) => String.fromCharCode(parseInt(code, 16)));

const renamed = (value, rename) => {
  if (Array.isArray(value)) return value.map((item) => renamed(item, rename));
  if (value === null || typeof value !== "object") return value;
  const made = Object.create(null); // here "__proto__" is a key like any other
  for (const [key, inner] of Object.entries(value)) made[rename(key)] = renamed(inner, rename);
  return made;
};

export const named = (value) => renamed(value, nameOf);

// Whoever sends a patch, also a JSON reply of a route that knows nothing of signals.
document.addEventListener("datastar-fetch", ({ detail: { type, argsRaw } }) => {
  if (type !== "datastar-patch-signals" || typeof argsRaw?.signals !== "string") return;
  try {
    argsRaw.signals = JSON.stringify(named(JSON.parse(argsRaw.signals)));
  } catch {
    // Not JSON: an expression that the application's developer wrote, which Datastar evaluates.
  }
}, true);

// @decoded($Poll.votes): a copy with the keys as they are in the data, to be shown.
action({ name: "decoded", apply: (_, value) => renamed(value, keyOf) });
