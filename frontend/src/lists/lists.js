// Lists that follow their records: rows change in place, and none moves from under the pointer.
import { watcher } from "datastar";
import { heldBack, isWatched, tell } from "./new_rows.js";
import { change, mark, remember } from "./rows.js";

const REST_MS = 2500;
const TYPED = "input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, [contenteditable]";

const plans = new Map(); // element with rows → the keys it is to have in order, and the rows that are new

const bodies = () => document.querySelectorAll('[id*="-rows"][data-state]');
const keyed = (body) => [...body.children].filter((row) => row.dataset.key !== undefined);
const parsed = (html) => {
  const template = document.createElement("template");
  template.innerHTML = html;
  return new Map([...template.content.children].map((row) => [row.dataset.key, row]));
};

// Before Datastar or anybody else has touched them.
for (const body of bodies()) for (const row of keyed(body)) remember(row);

// What the page has, so that the server sends only what it has not.
export const digests = () => [...bodies()].map((body) => `${body.id}:${body.dataset.state}`);

watcher({
  name: "starmodel-rows",
  apply(_, { list, state, order, rows = "" }) {
    const body = document.getElementById(list);
    if (!body) return;
    const shown = new Map(keyed(body).map((row) => [row.dataset.key, row]));
    const plan = plans.get(body) ?? { keys: [...shown.keys()], fresh: new Map() };
    if (order !== undefined) plan.keys = order.split(" ");
    for (const [key, row] of parsed(rows)) {
      if (shown.has(key)) change(body, shown.get(key), row);
      else plan.fresh.set(key, row);
    }
    body.dataset.state = state;
    plans.set(body, plan);
    arrange(body, plan);
  },
});

/* Which rows there are and where: at once, or when nobody is at a row that this would move. */

const arrange = (body, plan) => {
  const rows = keyed(body), wanted = new Set(plan.keys);
  const held = heldBack(body, rows, plan, pointer?.target), keys = plan.keys.filter((key) => !held.has(key));
  for (const row of rows) leaving(row, !wanted.has(row.dataset.key));
  if (!plan.isShown && moves(body, rows, { keys })) return wakeUp();
  // A row that somebody types in stays, marked, until it is left.
  const staying = rows.filter((row) => !wanted.has(row.dataset.key) && isTypedIn(row));
  place(body, rows, { keys, fresh: plan.fresh }, new Set(staying));
  for (const key of plan.fresh.keys()) if (!held.has(key)) plan.fresh.delete(key);
  tell(body, held.size, () => {
    plan.isShown = true;
    arrange(body, plan);
  });
  if (!staying.length && !held.size) plans.delete(body);
};

const leaving = (row, is) => {
  row.toggleAttribute("data-removed", is);
  row.inert = is && !isTypedIn(row); // inert, it would lose the focus
};

const place = (body, rows, { keys, fresh }, staying) => {
  const known = new Map(rows.map((row) => [row.dataset.key, row])), wanted = new Set(keys);
  const gone = rows.filter((row) => !wanted.has(row.dataset.key) && !staying.has(row));
  const focus = document.activeElement, lost = gone.find((row) => row.contains(focus));
  const heir = lost && keyed(body).slice(rows.indexOf(lost) + 1).find((row) => wanted.has(row.dataset.key));
  for (const row of gone) row.remove();
  let at = body.firstElementChild;
  const skip = () => { while (staying.has(at) || (at && at.dataset.key === undefined)) at = at.nextElementSibling; };
  for (const key of keys) {
    skip();
    const row = known.get(key) ?? fresh.get(key);
    if (!row) continue; // it comes with the full state that follows
    if (row === at) { at = at.nextElementSibling; continue; }
    if (!known.has(key)) {
      remember(row);
      body.insertBefore(row, at);
      mark(row);
    } else if (body.moveBefore) body.moveBefore(row, at);
    else body.insertBefore(row, at);
  }
  if (lost) (heir ?? keyed(body).at(-1))?.querySelector("a, button, summary, input")?.focus({ preventScroll: true });
  else if (focus !== document.activeElement && body.contains(focus)) focus.focus({ preventScroll: true });
  // Who counts chosen rows counts again.
  if (gone.length) body.dispatchEvent(new Event("change", { bubbles: true }));
};

/* Is somebody at a row? */

let pointer = null, moved = -REST_MS, typed = -REST_MS, timer;

const recently = (time) => performance.now() - time < REST_MS;
const isTypedIn = (row) => row.contains(document.activeElement) && document.activeElement.matches(TYPED);

const isPointedAt = (row) => {
  const { left, right, top, bottom } = row.getBoundingClientRect(), { x, y, target } = pointer;
  return row.contains(target) || (x >= left && x < right && y >= top && y < bottom);
};

const moves = (body, rows, { keys }) => {
  // A card that is dropped on a board comes at once.
  const pointing = pointer && recently(moved) && !body.dataset.column, typing = recently(typed);
  if (!pointing && !typing) return false;
  return rows.some((row, place) => {
    if (!(pointing && isPointedAt(row)) && !(typing && isTypedIn(row))) return false;
    return keys.indexOf(row.dataset.key) !== place || rows.some((r, n) => n < place && r.dataset.key !== keys[n]);
  });
};

const wakeUp = () => {
  clearTimeout(timer);
  timer = setTimeout(again, REST_MS + 10 - (performance.now() - Math.max(moved, typed)));
};

const again = () => {
  for (const [body, plan] of plans) {
    if (body.isConnected) arrange(body, plan);
    else plans.delete(body);
  }
};

const pointed = (event) => {
  if (event.pointerType !== "mouse") return;
  pointer = { x: event.clientX, y: event.clientY, target: event.target };
  moved = performance.now();
  if (plans.size) again();
};
for (const type of ["pointermove", "pointerdown", "pointerup"])
  document.addEventListener(type, pointed, { capture: true, passive: true });
document.documentElement.addEventListener("pointerleave", () => {
  pointer = null;
  again();
});
document.addEventListener("input", ({ target }) => {
  if (target.matches?.(`[data-key] :is(${TYPED})`)) typed = performance.now();
}, true);
document.addEventListener("focusout", () => plans.size && setTimeout(again, 0), true);
// Rows that wait come when the visitor has left the list.
for (const type of ["scroll", "change"]) document.addEventListener(type, () => [...plans.keys()].some(isWatched) && again(), { capture: true, passive: true });
