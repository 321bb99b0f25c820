// The records that a visitor chose last, by session and list. The server names those that may still be read.
const PREFIX = "starmodel-recent:", MOST = 5, MOST_CHARS = 200;

const session = () => document.getElementById("starmodel-toasts")?.dataset.session ?? "";
const keyOf = (url) => `${PREFIX}${session()}:${url}`;

export const recall = (url) => {
  try {
    const ids = JSON.parse(localStorage.getItem(keyOf(url)));
    return Array.isArray(ids) ? ids.filter((id) => typeof id === "string").slice(0, MOST) : [];
  } catch {
    return []; // blocked, or written by other code
  }
};

export const remember = (url, id) => {
  if (!session() || id.length > MOST_CHARS) return;
  try {
    localStorage.setItem(keyOf(url), JSON.stringify([id, ...recall(url).filter((other) => other !== id)].slice(0, MOST)));
  } catch {
    // Without storage nothing is offered again.
  }
};

// After a sign-out or a sign-in the session is another one, and what the one before has left goes.
try {
  for (const key of Object.keys(localStorage))
    if (session() && key.startsWith(PREFIX) && !key.startsWith(`${PREFIX}${session()}:`)) localStorage.removeItem(key);
} catch {
  // There is no storage.
}
