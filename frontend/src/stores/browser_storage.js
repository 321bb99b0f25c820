// The browser states of entities: { state, signals } by visitor and class, in local or session storage.
// The state is the server's serialised text, which is sent back unchanged.
import { toast } from "../page/page.js";
import { text as sentence } from "../base/texts.js";

export const about = JSON.parse(document.getElementById("starmodel-states")?.textContent ?? '{"types":{}}');
export const { types } = about, names = Object.keys(types);

const prefix = `starmodel:${about.app}:`;
export const keyOf = (name) => `${prefix}${about.owner}:${name}`;
const areaOf = (name) => (types[name].local ? localStorage : sessionStorage);
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const memory = new Map(); // entries that the storage has rejected
let isReported = false;

export const read = (name) => {
  if (memory.has(name)) return memory.get(name);
  try {
    const entry = JSON.parse(areaOf(name).getItem(keyOf(name)));
    return typeof entry?.state === "string" && typeof entry.signals === "object" && entry.signals ? entry : null;
  } catch {
    return null; // blocked, or written by other code
  }
};

export const write = (name, entry) => {
  try {
    if (entry) areaOf(name).setItem(keyOf(name), JSON.stringify(entry));
    else areaOf(name).removeItem(keyOf(name));
    memory.delete(name);
  } catch {
    memory.set(name, entry);
    if (!isReported) toast(sentence("full"));
    isReported = true;
  }
};

export const areas = () => {
  try {
    return [localStorage, sessionStorage];
  } catch {
    return [];
  }
};

// Every entry of this application: its storage, key, owner and class.
const entries = () =>
  areas().flatMap((area) =>
    Object.keys(area)
      .filter((key) => key.startsWith(prefix))
      .map((key) => [area, key, ...key.slice(prefix.length).split(":")]));

export const remove = (unwanted) => {
  for (const [area, key, owner] of entries()) if (unwanted(owner)) area.removeItem(key);
};

// The states of a guest move to the account at sign-in.
export const adopt = () => {
  for (const [area, key, owner, name] of entries()) {
    if (owner !== about.before || owner === about.owner) continue;
    if (area.getItem(keyOf(name)) === null) area.setItem(keyOf(name), area.getItem(key));
    area.removeItem(key);
  }
};

export const forget = () => {
  memory.clear();
  remove((owner) => [about.owner, about.before].includes(owner));
};

// Another tab has stored something newer.
export const outdate = (name) => memory.delete(name);
