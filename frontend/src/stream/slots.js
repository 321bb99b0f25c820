// Over HTTP/1.1 a browser opens six connections to a host: windows in sight take turns, so that one stays free.
const SLOTS = 5, ANSWER_MS = 150;
const NAME = "starmodel-stream";

const isLimited = () => performance.getEntriesByType("navigation")[0]?.nextHopProtocol?.startsWith("http/1") ?? false;

const never = () => {};

/* By Web Locks: a slot is a lock, which a closed or crashed window gives back. */

const lock = (number, options) =>
  new Promise((resolve, reject) => {
    navigator.locks
      .request(`${NAME}-${number}`, options, (held) => (held ? new Promise((release) => resolve(release)) : resolve(null)))
      .catch(reject);
  });

const numbers = [...Array(SLOTS).keys()];

const firstLock = (signal) =>
  new Promise((resolve, reject) => {
    const others = new AbortController();
    let found = false;
    const give = () => {
      others.abort();
      reject(signal.reason);
    };
    signal.addEventListener("abort", give);
    for (const number of numbers) {
      lock(number, { signal: others.signal }).then((release) => {
        if (found || signal.aborted) return release();
        found = true;
        signal.removeEventListener("abort", give);
        others.abort();
        resolve(release);
      }, never);
    }
  });

const byLocks = async (signal, wait) => {
  for (const number of numbers) {
    const release = await lock(number, { ifAvailable: true });
    if (release) return release;
  }
  wait();
  return firstLock(signal);
};

/* On plain-HTTP hosts there are no locks: the other windows are asked. */

let channel = null, holds = false, answers = 0, freed = never;

const listen = () => {
  channel = new BroadcastChannel(NAME);
  channel.onmessage = ({ data }) => {
    if (data === "who" && holds) channel.postMessage("held");
    else if (data === "held") answers += 1;
    else if (data === "free") freed();
  };
};

const pause = (ms, signal) =>
  new Promise((resolve, reject) => {
    setTimeout(resolve, ms);
    signal.addEventListener("abort", () => reject(signal.reason));
  });

const byAsking = async (signal, wait) => {
  if (!channel) listen();
  for (let waits = 0; ; waits++) {
    answers = 0;
    const free = new Promise((resolve) => (freed = resolve));
    channel.postMessage("who");
    await pause(ANSWER_MS, signal);
    if (answers < SLOTS) break;
    if (!waits) wait();
    await Promise.race([free, pause(3000, signal)]); // a crashed window says nothing
    await pause(Math.random() * ANSWER_MS, signal); // not all that wait at once
  }
  holds = true;
  return () => {
    holds = false;
    channel.postMessage("free");
  };
};

/* What ends the use of a slot; `wait` is called when all are taken. Rejects when the signal is aborted. */

export const slot = async (signal, wait) => {
  if (!isLimited()) return never;
  const release = await (navigator.locks ? byLocks : byAsking)(signal, wait);
  if (!signal.aborted) return release;
  release();
  throw signal.reason;
};
