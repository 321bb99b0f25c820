// New rows above others wait behind a button while somebody is at the list: while its beginning is scrolled away, a row is
// chosen, or the pointer or the focus is in the rows. A list that nobody touches takes them at once.

const NONE = new Set(), bars = new WeakMap(); // element with rows → the element with the button

const isTouched = (body, target) =>
  body.getBoundingClientRect().top < 0 || body.contains(document.activeElement) ||
  Boolean(target && body.contains(target)) || body.querySelector(".sm-pick input:checked") !== null;

// The keys of the new rows that would move others down.
export const heldBack = (body, rows, { keys, fresh, isShown }, target) => {
  if (isShown || !body.dataset.new || !rows.length || !isTouched(body, target)) return NONE;
  const shown = new Set(rows.map((row) => row.dataset.key)), last = keys.findLastIndex((key) => shown.has(key));
  return new Set(keys.filter((key, at) => at < last && !shown.has(key) && fresh.has(key)));
};

export const isWatched = (body) => bars.has(body);

const barOf = (body) => {
  const bar = document.createElement("div"), button = document.createElement("button");
  bar.className = "sm-new-rows";
  bar.setAttribute("role", "status");
  Object.assign(button, { type: "button", className: "uk-btn uk-btn-primary uk-btn-sm" });
  bar.append(button);
  (body.closest(".sm-wide") ?? body.closest("table") ?? body).before(bar);
  bars.set(body, bar);
  return bar;
};

export const tell = (body, count, show) => {
  const bar = bars.get(body);
  if (!count) {
    bars.delete(body);
    return bar?.remove();
  }
  const button = (bar ?? barOf(body)).querySelector("button"), text = body.dataset.new.replace("{count}", count);
  if (button.textContent !== text) button.textContent = text;
  button.onclick = () => {
    const known = new Set([...body.children].map((row) => row.dataset.key));
    show();
    const first = [...body.children].find((row) => !known.has(row.dataset.key));
    first?.scrollIntoView({ block: "center" });
    (first?.querySelector(".sm-open") ?? first?.querySelector("a, input"))?.focus({ preventScroll: true });
  };
};
