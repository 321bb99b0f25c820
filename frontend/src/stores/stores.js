// Entities that live in this browser: restored before anything is shown, followed between tabs, sent along with events.
import { action, actions, filtered, mergePatch, watcher } from "datastar";
import { show, whole } from "../base/frames.js";
import { isNews } from "../stream/patches.js";
import { claim } from "../stream/requests.js";
import { above, has, listen, set, unlisten } from "../base/elements.js";
import { about, adopt, areas, forget, keyOf, names, outdate, read, remove, same, types, write } from "./browser_storage.js";
import { named } from "../stream/signals.js";
import { BROWSER } from "../base/wire_names.js";

/* Signals: only what is new is put, so that what is being typed stays. */

const known = new Map(); // class → the signals that the server gave last
const sent = new Map(); // class → those that the event under way was given

const nested = (name, values) => types[name].at.reduceRight((inner, part) => ({ [part]: inner }), values);

const put = (name, given) => {
  const signals = named(given); // the storage may hold what an older build or somebody else wrote
  const before = { ...known.get(name), ...sent.get(name) };
  const fresh = Object.fromEntries(Object.entries(signals).filter(([field, value]) => !same(value, before[field])));
  const objects = Object.entries(fresh).filter(([, value]) => typeof value === "object" && !Array.isArray(value));
  // Replaced whole, so that removed keys leave.
  if (objects.length) mergePatch(nested(name, Object.fromEntries(objects.map(([field]) => [field, ""]))));
  mergePatch(isNews(nested(name, fresh)));
  known.set(name, { ...signals });
};

const isSynced = (name, path) => types[name].synced.some((field) => path === [...types[name].at, field].join("."));

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
  else showRestored(name);
};

const showRestored = (name) => document.querySelectorAll(`style[data-restoring="${name}"]`).forEach((style) => style.remove());

/* Rendered parts come from the server, which needs the state. */

let tokens = () => [], asked = 0;
let shown = about.shown ?? []; // the classes that the page shows; states of others are not sent

const carried = (which) => {
  const states = {};
  for (const name of which) {
    const entry = read(name);
    if (entry) states[name] = entry.state;
  }
  return { owner: about.owner, states, page: tokens() };
};

export const refresh = async () => {
  const mine = ++asked, sent = carried(shown);
  for (const name of shown) sent.states[name] ??= null; // of which there is nothing
  try {
    if (!shown.length || !tokens().length) return;
    const response = await fetch(about.url, {
      method: "POST",
      headers: { "Content-Type": "application/json", Accept: "text/event-stream" },
      body: JSON.stringify({ [BROWSER]: sent }), redirect: "manual",
    });
    // What changed meanwhile brought its own parts, or asks for them again.
    if (response.ok && mine === asked && shown.every((name) => (read(name)?.state ?? null) === sent.states[name]))
      whole(await response.text())[0].forEach(show);
  } catch {
    // The server is away: when the page's stream is back, this is asked again.
  } finally {
    names.forEach(showRestored);
  }
};

// When the page has its stream, and when parts were patched in that may show a state.
export const follow = (patched) => {
  if (patched) shown = names;
  if (shown.some(read)) refresh();
  else names.forEach(showRestored);
};

// When the page's stream is open: the server knows this visitor, so what others have left can go.
export const connected = (again) => {
  remove((owner) => owner !== about.owner);
  if (again) refresh();
};

addEventListener("storage", ({ key, storageArea }) => {
  const changed = names.filter((name) => types[name].local && (key === null || key === keyOf(name)));
  if (!changed.length || storageArea !== areas()[0]) return;
  for (const name of changed) {
    outdate(name);
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
  const validates = !has(form, "novalidate");
  listen(form, "formdata", fill);
  set(form, "novalidate", ""); // it was valid when it was sent
  try {
    return run();
  } finally {
    if (validates) set(form, "novalidate", null);
    unlisten(form, "formdata", fill);
  }
};

export const startStores = ({ options, include, pageTokens }) => {
  tokens = pageTokens;

  action({
    name: "stored",
    apply(context, stores, method, url, signals) {
      const which = stores.split(" "), form = signals === undefined ? above(context.el, "form") : null;
      if (context.el instanceof HTMLFormElement && context.evt?.type === "submit" && !claim(context.el, context.evt.submitter)) return;
      // Key and arguments are those of the click, whenever its turn comes; the state is that of its turn.
      const once = { ...options(), isClaimed: true, carries: (path) => which.some((name) => isSynced(name, path)) };
      const given = form ? [...new FormData(form)] : filtered({ include: include(signals) });
      inTurn(which, () => {
        const sent = { ...carried(which), signals: Object.assign({}, ...which.map(typed)) };
        if (!form) return actions[method](context, url, { ...once, payload: { ...given, [BROWSER]: sent } });
        return withData(form, [...given, [BROWSER, JSON.stringify(sent)]], () =>
          actions[method](context, url, { ...once, contentType: "form" }));
      });
    },
  });
};

document.getElementById("starmodel-noscript")?.remove();
try {
  adopt();
  if (names.length && !document.getElementById("starmodel-live")) connected(false); // it has no stream
} catch {
  // A full or blocked storage is reported at the first write.
}
names.forEach(restore);
