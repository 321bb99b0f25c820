// Entities that live in this browser: restored before anything is shown, kept, followed between tabs.
import { action, actions, filtered, mergePatch, watcher } from "datastar";
import { show, whole } from "./frames.js";
import { toast } from "./page.js";

const about = JSON.parse(document.getElementById("starmodel-states")?.textContent ?? '{"types":{}}');
const { types } = about, names = Object.keys(types), prefix = `starmodel:${about.app}:`;
const keyOf = (name) => `${prefix}${about.owner}:${name}`;
const areaOf = (name) => (types[name].local ? localStorage : sessionStorage);
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

/* What is stored: { state, signals }. The state is the server's own text, which goes back as it is. */

const memory = new Map(); // what the storage would not take
let told = false;

const read = (name) => {
  if (memory.has(name)) return memory.get(name);
  try {
    const entry = JSON.parse(areaOf(name).getItem(keyOf(name)));
    return typeof entry?.state === "string" && typeof entry.signals === "object" && entry.signals ? entry : null;
  } catch {
    return null; // blocked, or written by somebody else
  }
};

const write = (name, entry) => {
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

const areas = () => {
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

const remove = (unwanted) => {
  for (const [area, key, owner] of entries()) if (unwanted(owner)) area.removeItem(key);
};

// What somebody had before signing in goes with them.
const adopt = () => {
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

/* Signals: only what is new is put, so that what is being typed stays. */

const known = new Map(); // class → the signals that the server gave last
const sent = new Map(); // class → those that the event under way was given

const nested = (name, values) => types[name].at.reduceRight((inner, part) => ({ [part]: inner }), values);

const put = (name, signals) => {
  const before = { ...known.get(name), ...sent.get(name) };
  const fresh = Object.fromEntries(Object.entries(signals).filter(([field, value]) => !same(value, before[field])));
  const objects = Object.entries(fresh).filter(([, value]) => typeof value === "object" && !Array.isArray(value));
  // Replaced whole, so that removed keys leave.
  if (objects.length) mergePatch(nested(name, Object.fromEntries(objects.map(([field]) => [field, ""]))));
  mergePatch(nested(name, fresh));
  known.set(name, { ...signals });
};

const typed = (name) => {
  const { at, synced } = types[name], given = known.get(name) ?? {};
  const path = (field) => [...at, field].join(".").replaceAll(".", "\\.");
  if (!synced.length) return {};
  let mine = filtered({ include: RegExp(`^(${synced.map(path).join("|")})(\\.|$)`) });
  for (const part of at) mine = mine?.[part];
  const changed = Object.entries(mine ?? {}).filter(([field, value]) => !same(value, given[field]));
  sent.set(name, Object.fromEntries(changed));
  return changed.length ? nested(name, Object.fromEntries(changed)) : {};
};

watcher({
  name: "datastar-browser-state",
  apply(_, { name, state, signals }) {
    const values = JSON.parse(signals);
    if (state !== undefined) write(name, state ? { state, signals: values } : null);
    put(name, values);
  },
});
watcher({ name: "datastar-browser-forget", apply: forget });

const restore = (name) => {
  const entry = read(name);
  if (entry) put(name, entry.signals);
  else unveil(name);
};

const unveil = (name) => document.querySelectorAll(`style[data-veil="${name}"]`).forEach((veil) => veil.remove());

/* Rendered parts come from the server, which has to be told the state. */

let tokens = () => [], asked = 0;

const carried = (which) => {
  const states = {};
  for (const name of which) {
    const entry = read(name);
    if (entry) states[name] = entry.state;
  }
  return { owner: about.owner, states, page: tokens() };
};

export const refresh = async () => {
  const mine = ++asked, _browser = carried(names);
  try {
    if (!tokens().length) return;
    const response = await fetch(about.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({ _browser }),
    });
    // What changed meanwhile brought its own parts, or asks for them again.
    if (response.ok && mine === asked && same(_browser.states, carried(names).states))
      whole(await response.text())[0].forEach(show);
  } catch {
    // The server is away: when the page's stream is back, this is asked again.
  } finally {
    names.forEach(unveil);
  }
};

// When the page has parts that may show a state.
export const follow = () => {
  const stored = names.filter(read);
  if (stored.length) refresh();
  else names.forEach(unveil);
};

// When the page's stream is open: the server knows this visitor, so what others have left can go.
export const connected = (again) => {
  remove((owner) => owner !== about.owner);
  if (again && names.length) refresh();
};

addEventListener("storage", ({ key, storageArea }) => {
  const changed = names.filter((name) => types[name].local && (key === null || key === keyOf(name)));
  if (!changed.length || storageArea !== areas()[0]) return;
  for (const name of changed) {
    memory.delete(name);
    restore(name);
  }
  refresh();
});
addEventListener("pageshow", ({ persisted }) => persisted && names.forEach(restore));

/* Events: each click takes along what the one before has left, so they go one after the other. */

const last = new Map(); // class → the end of its latest event

const inTurn = (which, run) => {
  const turn = Promise.allSettled(which.map((name) => last.get(name)))
    .then(run)
    .finally(() => which.forEach((name) => sent.delete(name)));
  for (const name of which) last.set(name, turn);
  return turn;
};

// Lets Datastar, which reads the form at once, find these fields in it.
const withData = (form, fields, run) => {
  const fill = ({ formData }) => {
    for (const name of [...formData.keys()]) formData.delete(name);
    for (const [name, value] of fields) formData.append(name, value);
  };
  const { noValidate } = form;
  form.addEventListener("formdata", fill);
  form.noValidate = true; // it was valid when it was sent
  try {
    return run();
  } finally {
    form.noValidate = noValidate;
    form.removeEventListener("formdata", fill);
  }
};

export const startStores = ({ options, include, pageTokens }) => {
  tokens = pageTokens;

  action({
    name: "stored",
    apply(context, stores, method, url, signals) {
      const which = stores.split(" "), form = signals === undefined ? context.el.closest("form") : null;
      if (form && !form.noValidate && !form.checkValidity()) return form.reportValidity();
      // Key and arguments are those of the click, whenever its turn comes; the state is that of its turn.
      const once = options(), given = form ? [...new FormData(form)] : filtered({ include: include(signals) });
      inTurn(which, () => {
        const _browser = { ...carried(which), signals: Object.assign({}, ...which.map(typed)) };
        if (!form) return actions[method](context, url, { ...once, payload: { ...given, _browser } });
        return withData(form, [...given, ["_browser", JSON.stringify(_browser)]], () =>
          actions[method](context, url, { ...once, contentType: "form" }));
      });
    },
  });
};

document.getElementById("starmodel-excuse")?.remove();
try {
  adopt();
  if (names.length && !document.getElementById("starmodel-live")) connected(false); // it has no stream
} catch {
  // A storage that is full or blocked says so when something is to be kept.
}
names.forEach(restore);
