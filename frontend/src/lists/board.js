// Boards: a card is moved by mouse, touch or keyboard, and dropping it submits the form in its menu that moves it there.
// The answer to the form says what happened: the live list of the other column shows the card, a refusal a toast.

const CARD = ".sm-kanban-card", COLUMN = ".sm-kanban-column", OWN = "a, button, summary, input, details";
const START_PX = 5, EDGE_PX = 40;

const boardOf = (card) => card.closest(".sm-kanban");
const columnOf = (el) => el?.closest?.(COLUMN) ?? null;
const valueOf = (column) => column.querySelector("[data-column]").dataset.column;
const nameOf = (column) => column.querySelector("h2").textContent.trim();
const titleOf = (card) => card.querySelector(".sm-card-title").textContent.trim();
const formTo = (card, column) => card.querySelector(`form[data-move="${CSS.escape(valueOf(column))}"]:not([hidden])`);
const reasonOf = (card, column) => (card.dataset.refused ? JSON.parse(card.dataset.refused) : {})[valueOf(column)] ?? "";

const say = (board, which, words) => {
  const live = document.querySelector("[data-board-live]");
  const text = board.dataset[which].replace(/\{(name|column|reason)\}/g, (_, name) => words[name] ?? "");
  if (live) live.textContent = text.trim();
  return text.trim();
};

/* The columns that take a card; the others are dimmed, with the reason. */

const begin = (card) => {
  const board = boardOf(card);
  board.dataset.moving = "";
  card.dataset.lifted = "";
  for (const column of board.querySelectorAll(COLUMN)) {
    column.toggleAttribute("data-own", column.contains(card));
    column.toggleAttribute("data-open", Boolean(formTo(card, column)));
    const reason = reasonOf(card, column);
    if (reason) column.title = reason;
  }
};

const end = (board) => {
  delete board.dataset.moving;
  for (const column of board.querySelectorAll(COLUMN)) {
    for (const name of ["data-own", "data-open", "data-over", "title"]) column.removeAttribute(name);
  }
  for (const card of board.querySelectorAll("[data-lifted]")) delete card.dataset.lifted;
};

const over = (board, column) => {
  for (const each of board.querySelectorAll(COLUMN)) each.toggleAttribute("data-over", each === column);
};

// Where the card was patched meanwhile, it is the new element that moves.
const current = (board, key) => board.querySelector(`${CARD}[data-key="${CSS.escape(key)}"]`);

const drop = (board, key, column) => {
  const card = current(board, key);
  if (!card || !column || column.contains(card)) return card && say(board, "back", { name: titleOf(card) });
  const form = formTo(card, column), words = { name: titleOf(card), column: nameOf(column), reason: reasonOf(card, column) };
  say(board, form ? "dropped" : "closed", words);
  form?.requestSubmit(form.querySelector("button"));
};

/* Mouse and touch: a copy of the card follows the pointer. */

let drag = null; // { card, board, key, id, x, y, ghost }

document.addEventListener("pointerdown", (event) => {
  const card = event.target.closest?.(CARD), handle = event.target.closest?.(".sm-handle");
  if (!card || event.button || drag || !card.querySelector("form[data-move]")) return;
  // A finger scrolls the page, except on the handle.
  if (!handle && (event.pointerType !== "mouse" || event.target.closest(OWN))) return;
  drag = { card, board: boardOf(card), key: card.dataset.key, id: event.pointerId, x: event.clientX, y: event.clientY, ghost: null };
});

const lift = () => {
  const { card } = drag, { left, top, width } = card.getBoundingClientRect();
  begin(card);
  const ghost = (drag.ghost = card.cloneNode(true));
  for (const el of [ghost, ...ghost.querySelectorAll("*")])
    for (const { name } of [...el.attributes]) if (name === "id" || name.startsWith("data-")) el.removeAttribute(name);
  ghost.classList.add("sm-kanban-ghost");
  ghost.inert = true;
  Object.assign(ghost.style, { left: `${left}px`, top: `${top}px`, width: `${width}px` });
  document.body.append(ghost);
  getSelection()?.removeAllRanges();
};

document.addEventListener("pointermove", (event) => {
  if (!drag || event.pointerId !== drag.id) return;
  const x = event.clientX - drag.x, y = event.clientY - drag.y;
  if (!drag.ghost) {
    if (Math.hypot(x, y) < START_PX) return;
    lift();
  }
  event.preventDefault();
  drag.ghost.style.translate = `${x}px ${y}px`;
  over(drag.board, columnOf(document.elementFromPoint(event.clientX, event.clientY)));
  const { left, right } = drag.board.getBoundingClientRect();
  if (event.clientX < left + EDGE_PX) drag.board.scrollBy(-12, 0);
  else if (event.clientX > right - EDGE_PX) drag.board.scrollBy(12, 0);
}, { passive: false });

const release = (column) => {
  const { board, key, ghost } = drag;
  drag = null;
  if (!ghost) return;
  ghost.remove();
  end(board);
  drop(board, key, column);
  // The click that ends a drag opens nothing.
  const swallow = (event) => event.preventDefault();
  document.addEventListener("click", swallow, { capture: true, once: true });
  setTimeout(() => document.removeEventListener("click", swallow, true), 0);
};
document.addEventListener("pointerup", ({ pointerId, clientX, clientY }) => {
  if (drag?.id === pointerId) release(columnOf(document.elementFromPoint(clientX, clientY)));
});
document.addEventListener("pointercancel", ({ pointerId }) => drag?.id === pointerId && release(null));
document.addEventListener("dragstart", (event) => event.target.closest?.(CARD) && event.preventDefault());

/* Keyboard: Space lifts, the arrows choose a column, Space drops, Escape puts the card back. */

let lifted = null; // { board, key, column }

const put = (column) => {
  const { board, key } = lifted;
  lifted = null;
  end(board);
  current(board, key)?.querySelector(".sm-handle")?.removeAttribute("aria-pressed");
  drop(board, key, column);
};

document.addEventListener("keydown", (event) => {
  if (drag?.ghost && event.key === "Escape") return release(null);
  const handle = event.target.closest?.(".sm-handle"), card = handle?.closest(CARD);
  if (!card || event.ctrlKey || event.metaKey || event.altKey) return;
  const { key } = event;
  if (key === " " || key === "Enter") {
    event.preventDefault();
    if (lifted) return put(lifted.column);
    const board = boardOf(card);
    lifted = { board, key: card.dataset.key, column: columnOf(card) };
    begin(card);
    over(board, lifted.column);
    handle.setAttribute("aria-pressed", "true");
    return say(board, "lifted", { name: titleOf(card) });
  }
  if (!lifted) return;
  if (key === "Escape") {
    event.preventDefault();
    return put(null);
  }
  const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[key];
  if (!step) return;
  event.preventDefault();
  const columns = [...lifted.board.querySelectorAll(COLUMN)], next = columns[columns.indexOf(lifted.column) + step];
  if (!next) return;
  lifted.column = next;
  over(lifted.board, next);
  next.scrollIntoView({ block: "nearest", inline: "nearest" });
  const isOpen = formTo(card, next) || next.contains(card);
  say(lifted.board, isOpen ? "over" : "closed", { name: titleOf(card), column: nameOf(next), reason: reasonOf(card, next) });
});
document.addEventListener("focusout", ({ target }) => {
  if (lifted && target.matches?.(".sm-handle")) put(null);
});

// A card that was moved by keyboard keeps the focus in the column that it comes to.
let moved = null; // { column, key }
document.addEventListener("submit", ({ target }) => {
  const card = target.matches?.("form[data-move]") ? target.closest(CARD) : null;
  if (!card) return;
  const column = boardOf(card).querySelector(`[data-column="${CSS.escape(target.dataset.move)}"]`);
  moved = card.contains(document.activeElement) ? { column, key: card.dataset.key } : null;
  card.querySelector("details[open]")?.removeAttribute("open");
}, true);
new MutationObserver(() => {
  const card = moved && current(moved.column, moved.key);
  if (!card) return;
  moved = null;
  if (document.activeElement === document.body || document.activeElement.closest(".sm-kanban")) card.querySelector(".sm-handle")?.focus();
}).observe(document.documentElement, { childList: true, subtree: true });
