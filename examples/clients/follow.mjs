// Follows a record or list of a StarModel application, in a browser or in Node 20.
// `node follow.mjs http://127.0.0.1:8000/tasks` prints each state as one line of JSON.

const SILENCE_MS = 45_000; // three heartbeats
const LONGEST_WAIT_MS = 15_000;

/** The response refused the stream, so that another attempt has the same result. */
export class Refused extends Error {}

/** Yields each state: the fields of a record, the rows of a list, or null after its removal. */
export async function* follow(url, { signal, headers } = {}) {
  for (let wait = 500; ; wait = Math.min(wait * 2, LONGEST_WAIT_MS)) {
    const silence = new AbortController();
    const stop = () => silence.abort();
    signal?.addEventListener("abort", stop);
    let timer = setTimeout(stop, SILENCE_MS);
    try {
      const response = await fetch(url, {
        headers: { accept: "application/x-ndjson", ...headers },
        signal: silence.signal,
      });
      if (response.status >= 400 && response.status < 500 && response.status !== 429) {
        throw new Refused(`${response.status} ${await response.text()}`);
      }
      if (!response.ok) throw new Error(`${response.status}`);
      let state = null;
      for await (const patch of patches(response.body)) {
        clearTimeout(timer);
        timer = setTimeout(stop, SILENCE_MS);
        wait = 500;
        if (patch.type === "heartbeat") continue;
        state = applied(state, patch);
        yield state;
      }
    } catch (error) {
      if (error instanceof Refused || signal?.aborted) throw error;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stop);
      silence.abort(); // also closes the connection of a caller that stops following
    }
    await new Promise((resume) => setTimeout(resume, wait * (0.5 + Math.random() / 2)));
  }
}

/** The state after a patch. */
export function applied(state, patch) {
  if (patch.type === "snapshot") return patch.state ?? patch.items;
  if (patch.type !== "patch") return null; // deleted, expired or closed
  if (patch.items === undefined) {
    const fields = { ...state, ...patch.set };
    for (const name of patch.unset) delete fields[name];
    return fields;
  }
  const rows = new Map([...state, ...patch.items].map((row) => [row.id, row]));
  return (patch.order ?? state.map((row) => row.id)).map((id) => rows.get(id));
}

async function* patches(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const lines = (text + value).split("\n");
    text = lines.pop();
    for (const line of lines) yield JSON.parse(line);
  }
}

if (globalThis.process?.argv[1]?.endsWith("follow.mjs")) {
  for await (const state of follow(process.argv[2])) console.log(JSON.stringify(state));
}
