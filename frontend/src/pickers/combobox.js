// A combobox with a list of choices, which the server searches while one types.
import { is, listen } from "../base/elements.js";
import { openCreation } from "./record_creation.js";
import { recall, remember } from "./recent_choices.js";
import { valueOf } from "../forms/shown_fields.js";
import { FIELD } from "../base/wire_names.js";

const GAP_PX = 4, LEAST_PX = 180, MOST_PX = 320, LEAST_WIDTH_PX = 256;
const SEARCH_AFTER_MS = 200;
let count = 0;

export const el = (tag, properties = {}, attributes = {}) => {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

// Shapes: a subclass has `words` (what to search for), `choose(item)`, `typed()`, `left()`, `isTaken(id)` and `clear()`.
export class Combobox {
  // Shapes: needs are [query parameter, name of the input] of what the choices depend on.
  constructor(root, { url, texts, for: rule, needs = [] }) {
    Object.assign(this, { root, url, texts, rule, needs, options: [], at: -1, asked: 0, timer: 0, items: [] });
    this.input = root.querySelector("input[type=text]");
    this.box = this.input.parentElement;
  }

  build() {
    const { input, texts } = this, list = `${input.id || `picker-${++count}`}-list`;
    this.list = el("ul", { id: list, className: "sm-picker-list", popover: "manual" }, { role: "listbox", "aria-label": texts.show });
    this.status = el("p", { className: "sm-hidden" }, { role: "status", "aria-live": "polite" });
    const attributes = {
      role: "combobox", "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": list,
    };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    this.root.append(this.list, this.status);

    input.addEventListener("input", () => this.isQuiet || this.typed());
    input.addEventListener("click", () => this.open());
    input.addEventListener("keydown", (event) => this.pressed(event));
    input.addEventListener("focus", () => input.select());
    this.root.addEventListener("focusout", ({ relatedTarget }) => this.root.contains(relatedTarget) || this.left());
    this.list.addEventListener("mousedown", (event) => event.preventDefault()); // the input keeps the focus
    this.list.addEventListener("click", ({ target }) => {
      const option = target.closest("[role=option]");
      if (option) this.take(this.options.indexOf(option));
    });
    if (input.form && this.needs.length) listen(input.form, "change", ({ target }) => this.dependsOn(target) && this.recheck());
    if (input.form) listen(input.form, "reset", () => setTimeout(() => this.reset()));
  }

  dependsOn(target) {
    const name = target.records?.name ?? target.name;
    return this.needs.some(([, input]) => name === input || name === `${FIELD}${input}`);
  }

  // A choice sends the form of a list's filters at once.
  get isFilter() {
    return Boolean(this.input.form) && is(this.input.form, "[data-filters]");
  }

  get isOpen() {
    return this.list.matches(":popover-open");
  }

  // The input's own events say that the choice has changed.
  announce() {
    this.isQuiet = true;
    for (const type of ["input", "change"]) this.input.dispatchEvent(new Event(type, { bubbles: true }));
    this.isQuiet = false;
  }

  remember(id) {
    remember(this.url, id);
  }

  open() {
    clearTimeout(this.timer);
    const { words } = this;
    if (!this.isOpen) {
      this.fill([this.note(this.texts.searching)]);
      this.list.showPopover();
      this.input.setAttribute("aria-expanded", "true");
      this.place();
      for (const type of ["scroll", "resize"]) addEventListener(type, this.place, true);
    }
    this.timer = setTimeout(() => this.search(words), words ? SEARCH_AFTER_MS : 0);
  }

  // Below the input, or above it where there is more room; in the top layer, so that no dialog cuts it off.
  place = () => {
    const { left, top, bottom, width } = this.input.getBoundingClientRect(), { clientWidth } = document.documentElement;
    const below = innerHeight - bottom - GAP_PX, isAbove = below < LEAST_PX && top > below;
    const wide = Math.min(Math.max(width, LEAST_WIDTH_PX), clientWidth - 2 * GAP_PX);
    Object.assign(this.list.style, {
      width: `${wide}px`, left: `${Math.max(GAP_PX, Math.min(left, clientWidth - wide - GAP_PX))}px`,
      top: isAbove ? "auto" : `${bottom + GAP_PX}px`, bottom: isAbove ? `${innerHeight - top + GAP_PX}px` : "auto",
      maxHeight: `${Math.min(MOST_PX, (isAbove ? top : below) - 2 * GAP_PX)}px`,
    });
  };

  close() {
    clearTimeout(this.timer);
    this.asked++; // an answer that is under way comes too late
    this.hide();
  }

  hide() {
    if (this.isOpen) this.list.hidePopover();
    for (const type of ["scroll", "resize"]) removeEventListener(type, this.place, true);
    this.input.setAttribute("aria-expanded", "false");
    this.mark(-1);
  }

  ask(query) {
    const held = this.needs.map(([name, input]) => [name, valueOf(this.input.form, input)]).filter(([, value]) => value !== undefined);
    const about = this.rule ? { ...query, for: this.rule, ...Object.fromEntries(held) } : query;
    return fetch(`${this.url}?${new URLSearchParams(about)}`, { headers: { Accept: "application/json" } });
  }

  async search(words) {
    const mine = ++this.asked;
    const recent = words ? [] : recall(this.url), query = words ? { search: words } : {};
    if (recent.length) query.recent = JSON.stringify(recent);
    let answer = null, problem = "";
    try {
      const response = await this.ask(query);
      if (response.ok) answer = await response.json();
      else problem = response.status === 422 ? this.texts.tooMany : response.status < 500 ? this.texts.refused : this.texts.away;
    } catch {
      problem = this.texts.away;
    }
    if (mine !== this.asked) return; // a newer search is under way
    this.items = answer ? [...answer.recent, ...answer.items] : [];
    if (!answer?.more && !(this.isOpen && this.isFilter)) this.takeMeant();
    if (!this.isOpen) return;
    if (!answer) {
      this.fill([this.note(problem)]);
      this.status.textContent = problem;
      return;
    }
    this.offer(words, answer);
  }

  offer(words, { recent, items, more, create, note }) {
    const known = new Set(recent.map(({ id }) => id)), others = items.filter(({ id }) => !known.has(id));
    const rows = [];
    if (recent.length) rows.push(this.heading(this.texts.recent), ...recent.map((item) => this.option(item)));
    if (recent.length && others.length) rows.push(this.heading(this.texts.all));
    rows.push(...others.map((item) => this.option(item)));
    if (!recent.length && !others.length) rows.push(this.note(note ?? this.texts.none));
    if (more) rows.push(this.note(this.texts.more));
    if (create) rows.push(this.creation(create, words));
    this.fill(rows);
    const found = recent.length + others.length, { none, one, found: several } = this.texts;
    this.status.textContent = found === 0 ? none : found === 1 ? one : several.replace("{n}", found);
    if (words && found) this.mark(0);
  }

  note(text) {
    return el("li", { className: "sm-picker-note", textContent: text }, { role: "presentation" });
  }

  heading(text) {
    return el("li", { className: "sm-picker-heading", textContent: text }, { role: "presentation" });
  }

  option(item) {
    const row = el("li", { item }, { role: "option", "aria-selected": String(this.isTaken(item.id)) });
    row.append(el("span", { textContent: item.title, dir: "auto" }));
    if (item.detail) row.append(el("small", { textContent: item.detail, dir: "auto" }));
    return row;
  }

  creation(create, words) {
    const row = el("li", { create, words, className: "sm-picker-new" }, { role: "option", "aria-selected": "false" });
    row.append(el("span", { textContent: words ? `${this.texts.create} “${words}”` : `${this.texts.create}…`, dir: "auto" }));
    return row;
  }

  fill(rows) {
    this.list.replaceChildren(...rows);
    this.options = rows.filter((row) => row.getAttribute("role") === "option");
    this.options.forEach((option, number) => (option.id = `${this.list.id}-${number}`));
    this.mark(-1);
  }

  mark(at) {
    this.at = at;
    this.options.forEach((option, number) => option.toggleAttribute("data-active", number === at));
    const option = this.options[at];
    if (option) {
      this.input.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    } else this.input.removeAttribute("aria-activedescendant");
  }

  async take(at) {
    const option = this.options[at];
    if (!option) return;
    if (option.item) return this.choose(option.item);
    this.close();
    const made = await openCreation({ ...option.create, words: option.words, texts: this.texts });
    this.input.focus();
    if (!made) return;
    const answer = (await this.ask({ recent: JSON.stringify([made]) }).then((response) => (response.ok ? response.json() : null)).catch(() => null)) ?? { recent: [] };
    this.choose(answer.recent[0] ?? { id: made, title: made, detail: "", url: "" });
  }

  pressed(event) {
    const { key, altKey, isComposing } = event, last = this.options.length - 1;
    if (isComposing) return;
    if ((key === "ArrowDown" || key === "ArrowUp") && !this.isOpen) {
      event.preventDefault();
      this.open();
    } else if (key === "ArrowUp" && altKey) {
      this.close();
    } else if (key === "ArrowDown" || key === "ArrowUp") {
      event.preventDefault();
      const next = key === "ArrowDown" ? this.at + 1 : this.at - 1;
      this.mark(next > last ? 0 : next < 0 ? last : next);
    } else if (this.isOpen && this.at >= 0 && (key === "Home" || key === "End")) {
      event.preventDefault();
      this.mark(key === "Home" ? 0 : last);
    } else if (key === "Enter" && this.isOpen) {
      event.preventDefault(); // the form is not sent while the list is open
      if (this.at >= 0) this.take(this.at);
    } else if (key === "Tab" && this.isOpen && this.options[this.at]?.item) {
      this.take(this.at);
    } else if (key === "Escape" && this.isOpen) {
      event.preventDefault();
      event.stopPropagation(); // a dialog around it stays open
      this.close();
    } else if (key === "Escape" && this.input.value && !this.input.required) {
      this.clear();
    }
  }
}
