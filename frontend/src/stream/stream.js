// The one live stream of the page, the actions that start it, and the keys of clicks.
import { action } from "datastar";
import { isChanged, CONTROLS } from "../base/controls.js";
import { show, whole } from "../base/frames.js";
import { PAGE_HEADER, SESSION_HEADER } from "../base/wire_names.js";
import { digests } from "../lists/lists.js";
import { forget } from "../stores/browser_storage.js";
import { connected, follow, startStores } from "../stores/stores.js";
import { isOld, startAnew } from "./patches.js";
import { slot } from "./slots.js";
import { text as sentence } from "../base/texts.js";

const FIRST_WAIT_MS = 300, LONGEST_WAIT_MS = 3000, LOST_AFTER_MS = 1500, FAILED_WAIT_MS = 700, ANSWER_WITHIN_MS = 15_000, MAX_GRANTS = 50, GLANCE_EVERY_MS = 10_000, GLANCE_MS = 300;
const root = document.documentElement;

/* Every click and submit has a key of its own, which the retries of that click keep. */

// randomUUID is missing on plain-HTTP hosts.
const key = () => [...crypto.getRandomValues(new Uint32Array(4))].map((n) => n.toString(36)).join("-");
const escaped = (name) => name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

// The page's session; the server runs nothing for a page of another one.
const session = () => {
  const tag = document.getElementById("starmodel-toasts")?.dataset.session;
  return tag ? { [SESSION_HEADER]: tag } : {};
};

const options = (extra) => ({
  headers: { "Idempotency-Key": key(), ...session(), ...(stream?.open ? { [PAGE_HEADER]: "1" } : {}) },
  requestCancellation: "disabled", // a second click does not cancel the first
  isEvent: true, // see requests.js
  ...extra,
});

// Only the signals that the event asks for are sent.
const include = (names) => RegExp(`^(${names.split(" ").map(escaped).join("|") || "(?!)"})(\\.|$)`);

const withSignals = (sent) => options({ filterSignals: { include: sent, exclude: /(?!)/ }, carries: (path) => sent.test(path) });

action({ name: "click", apply: (_, names = "") => withSignals(include(names)) });

// A form waits for the server for some minutes: what was filled in is worth it.
action({ name: "submit", apply: () => options({ contentType: "form", retryMaxWait: 5000, retryMaxCount: 100 }) });

startStores({ options, include, pageTokens: () => stream?.tokens ?? [] });

/* The one stream of the page. */

let stream = null;

const notice = (text) => {
  const status = document.getElementById("starmodel-status");
  if (status && status.textContent !== text) status.textContent = text;
};

const typedText = () => [...document.querySelectorAll(CONTROLS)].some((el) => "value" in el && isChanged(el));

// With `again`, reloads may follow each other: a developer saves often, and two servers never take turns.
const reload = (why, again = false) => {
  const last = Number(sessionStorage.getItem("starmodel-reloaded") ?? 0);
  if (typedText() || (!again && Date.now() - last < 10_000)) return notice(sentence("reload", { why }));
  sessionStorage.setItem("starmodel-reloaded", String(Date.now()));
  location.reload();
};

action({
  name: "stale",
  apply() {
    if (!navigator.cookieEnabled) return notice(sentence("no_cookies"));
    reload(sentence("ended"));
  },
});

class Stream {
  constructor(url) {
    this.url = new URL(url, document.baseURI);
    this.wait = FIRST_WAIT_MS;
    this.silence = ANSWER_WITHIN_MS;
    this.open = false;
  }

  watch(grant) {
    if (this.url.searchParams.getAll("grant").includes(grant)) return;
    const { searchParams } = this.url, grants = [...searchParams.getAll("grant"), grant].slice(-MAX_GRANTS);
    searchParams.delete("grant"); // what is no longer among the newest is mostly gone from the page
    for (const each of grants) searchParams.append("grant", each);
    this.start();
  }

  start() {
    this.stop();
    if (document.hidden || this.over) return;
    const abort = (this.abort = new AbortController());
    // Several grants that arrive together make one connection.
    this.timer = setTimeout(() => this.run(abort.signal), 0);
  }

  stop() {
    clearTimeout(this.timer);
    clearTimeout(this.deadline);
    this.found();
    this.abort?.abort();
    this.attempt?.abort();
    this.open = false;
  }

  found() {
    clearTimeout(this.lost);
    this.lost = undefined;
  }

  // A connection that is dead but not closed sends nothing, not even heartbeats.
  expectData() {
    clearTimeout(this.deadline);
    this.deadline = setTimeout(() => this.attempt.abort(), this.silence);
  }

  // With what the page has of each list: what it shows already is not sent again.
  address() {
    const url = new URL(this.url);
    for (const digest of digests()) url.searchParams.append("have", digest);
    return url;
  }

  // All connections but one are taken by other windows: the page looks now and then.
  queue() {
    clearTimeout(this.timer);
    root.dataset.live = "waiting";
    notice(sentence("delayed"));
    this.timer = setTimeout(() => this.glance(), GLANCE_EVERY_MS);
  }

  // Show the present state without staying connected.
  async glance() {
    if (root.dataset.live !== "waiting" || document.hidden) return;
    clearTimeout(this.timer); // otherwise it is that of the next attempt
    this.timer = setTimeout(() => this.glance(), GLANCE_EVERY_MS);
    const abort = new AbortController(), end = () => abort.abort();
    let silent = setTimeout(end, ANSWER_WITHIN_MS);
    try {
      const response = await fetch(this.address(), { signal: abort.signal, headers: { Accept: "text/event-stream" }, cache: "no-store" });
      if (response.ok) await this.read(response.body.getReader(), () => {
        clearTimeout(silent);
        silent = setTimeout(end, GLANCE_MS);
      });
    } catch {
      // What could not be shown is shown the next time.
    }
    clearTimeout(silent);
  }

  async run(signal) {
    let release;
    try {
      release = await slot(signal, () => this.queue());
    } catch {
      return; // hidden or left while it waited
    }
    if (root.dataset.live === "waiting") {
      clearTimeout(this.timer);
      root.dataset.live = "";
      notice("");
    }
    try {
      await this.connect(signal);
    } finally {
      release();
    }
  }

  async connect(signal) {
    this.attempt = new AbortController();
    this.expectData();
    const options = { signal: this.attempt.signal, headers: { Accept: "text/event-stream" },
      cache: "no-store", redirect: "manual" };
    try {
      const response = await fetch(this.address(), options);
      // The application may send whoever it does not let in to another page.
      if (response.type === "opaqueredirect" || [401, 403].includes(response.status)) {
        this.over = true;
        if (response.headers.get("Content-Type")?.startsWith("application/problem+json")) forget();
        return reload(sentence("other_session"));
      }
      if (response.ok) await this.read(response.body.getReader(), () => this.expectData());
    } catch {
      // Network loss and a stopped server look the same, and are mended in the same way.
    }
    if (signal.aborted) return;
    clearTimeout(this.deadline);
    this.open = false;
    this.lost ??= setTimeout(() => {
      root.dataset.live = "lost";
      notice(sentence("lost"));
    }, LOST_AFTER_MS);
    this.timer = setTimeout(() => this.run(signal), this.wait * (0.75 + Math.random() / 2));
    this.wait = Math.min(this.wait * 1.5, LONGEST_WAIT_MS);
  }

  async read(reader, received) {
    const decoder = new TextDecoder();
    let text = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      text += decoder.decode(value, { stream: true });
      const [frames, rest] = whole(text);
      text = rest;
      frames.forEach((frame) => this.take(frame));
      received();
    }
  }

  take({ type, args }) {
    if (type === "starmodel-open") {
      if (root.dataset.live !== "waiting") this.opened(args);
    } else if (type && !isOld(args)) show({ type, args });
  }

  get tokens() {
    const { searchParams } = this.url;
    return [...searchParams.getAll("token"), ...searchParams.getAll("grant")];
  }

  opened({ build, heartbeat, failed }) {
    this.found();
    if (failed) {
      // The developer's application can't be loaded just now: its server asks to come back.
      this.failed = true;
      this.wait = FAILED_WAIT_MS;
      if (typedText()) return notice(sentence("failed_now"));
      return reload(sentence("failed"), true);
    }
    if (this.failed) notice("");
    this.failed = false;
    // The server may have lost its memory meanwhile: what it says now is the truth, if older too.
    if (this.known) startAnew();
    connected(this.known);
    this.known = true;
    this.wait = FIRST_WAIT_MS;
    this.silence = 3000 * Number(heartbeat);
    this.open = true;
    if (root.dataset.live === "lost") notice("");
    root.dataset.live = "open";
    const mine = document.getElementById("starmodel-live")?.dataset.build;
    if (build && mine && build !== mine) reload(sentence("old"), build.includes("~"));
  }
}

action({
  name: "live",
  apply(_, url) {
    stream?.stop();
    stream = new Stream(url);
    stream.start();
    follow(false);
  },
});

action({
  name: "watch",
  apply(_, grant) {
    stream?.watch(grant);
    follow(true);
  },
});

document.addEventListener("datastar-fetch", ({ detail }) => detail.type === "finished" && stream?.glance());
addEventListener("focus", () => stream?.glance());
document.addEventListener("visibilitychange", () => (document.hidden ? stream?.stop() : stream?.start()));
addEventListener("pageshow", (event) => event.persisted && stream?.start());
addEventListener("pagehide", () => stream?.stop());
addEventListener("online", () => stream?.open || stream?.start());
