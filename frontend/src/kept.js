// What this browser keeps of entities: { state, signals } by visitor and class, in one of its storages.
// The state is the server's own text, which goes back as it is.
import { toast } from "./page.js";

export const about = JSON.parse(document.getElementById("starmodel-states")?.textContent ?? '{"types":{}}');
export const { types } = about, names = Object.keys(types);

const prefix = `starmodel:${about.app}:`;
export const keyOf = (name) => `${prefix}${about.owner}:${name}`;
const areaOf = (name) => (types[name].local ? localStorage : sessionStorage);
export const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const memory = new Map(); // what the storage would not take
let told = false;

export const read = (name) => {
  if (memory.has(name)) return memory.get(name);
  try {
    const entry = JSON.parse(areaOf(name).getItem(keyOf(name)));
    return typeof entry?.state === "string" && typeof entry.signals === "object" && entry.signals ? entry : null;
  } catch {
    return null; // blocked, or written by somebody else
  }
};

export const write = (name, entry) => {
  try {
    if (entry) areaOf(name).setItem(keyOf(name), JSON.stringify(entry));
    else areaOf(name).removeItem(keyOf(name));
    memory.delete(name);
  } catch {
    memory.set(name, entry);
    if (!told) toast("This browser's storage is full or blocked. What you change is kept until you leave this page.");
    told = true;
  }
};

export const areas = () => {
  try {
    return [localStorage, sessionStorage];
  } catch {
    return [];
  }
};

// Every entry of this application: where it is, whose and of which class.
const entries = () =>
  areas().flatMap((area) =>
    Object.keys(area)
      .filter((key) => key.startsWith(prefix))
      .map((key) => [area, key, ...key.slice(prefix.length).split(":")]));

export const remove = (unwanted) => {
  for (const [area, key, owner] of entries()) if (unwanted(owner)) area.removeItem(key);
};

// What somebody had before signing in goes with them.
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
