// A combobox whose list has groups: results of the server's search, and commands of the page.
import { picture } from "../page/page.js";

const SEARCH_AFTER_MS = 180, MIN_CHARS = 2;
let count = 0;

export const el = (tag, properties = {}, attributes = {}, ...inside) => {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside.filter(Boolean));
  return made;
};

export const keysOf = (keys) => el("kbd", { className: "sm-key", textContent: keys });

const optionOf = ({ title, detail, icon, keys, reason }, number) => {
  const words = el("span", {}, {}, el("span", { textContent: title, dir: "auto" }), (reason || detail) && el("span", { className: "sm-muted", textContent: reason || detail, dir: "auto" }));
  const attributes = { role: "option", "aria-selected": "false", ...(reason ? { "aria-disabled": "true" } : {}) };
  return el("div", { id: `starmodel-found-${number}` }, attributes, icon, words, keys && keysOf(keys));
};

// Shapes: commands(words) gives groups of { title, items }; an item has a title and either `run` or `url`. `first` makes
// the first option current, so that Enter takes it.
export class Options {
  constructor(input, list, status, { texts, url, commands = () => [], first = false, took = () => {} }) {
    Object.assign(this, { input, list, status, texts, url, commands, first, took, items: [], options: [], at: -1, timer: 0, found: [], base: 1000 * ++count });
    list.id ||= `starmodel-found-list-${this.base}`;
    for (const [name, value] of Object.entries({ role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": list.id }))
      input.setAttribute(name, value);
    list.setAttribute("role", "listbox");
    list.setAttribute("aria-label", texts.label);
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (event) => this.pressed(event));
    list.addEventListener("mousedown", (event) => event.preventDefault()); // the input keeps the focus
    list.addEventListener("click", (event) => {
      const option = event.target.closest("[role=option]");
      if (option) this.take(this.options.indexOf(option), event.ctrlKey || event.metaKey);
    });
  }

  get words() {
    return this.input.value.trim();
  }

  typed() {
    clearTimeout(this.timer);
    this.abort?.abort();
    if (this.words.length < MIN_CHARS) this.found = [];
    else this.timer = setTimeout(() => this.search(this.words), SEARCH_AFTER_MS);
    this.show();
  }

  async search(words) {
    const { signal } = (this.abort = new AbortController());
    try {
      const response = await fetch(`${this.url}?${new URLSearchParams({ q: words })}`, { signal, headers: { Accept: "application/json" } });
      if (!response.ok) throw new Error(response.status);
      const { groups } = await response.json();
      this.found = groups.map(({ title, icon, items, all }) => ({ title, items: [...items, all].map((item) => ({ ...item, icon: picture(icon) })) }));
      this.isAnswered = true;
      this.show();
    } catch {
      if (signal.aborted) return;
      this.found = [];
      this.show(this.texts.failed);
    }
  }

  show(problem = "") {
    const groups = [...this.commands(this.words), ...this.found].filter(({ items }) => items.length);
    this.items = groups.flatMap(({ items }) => items);
    this.options = this.items.map((item, number) => optionOf(item, this.base + number));
    let next = 0;
    this.list.replaceChildren(...groups.map(({ title, items }, number) => {
      const heading = el("div", { id: `${this.list.id}-${number}`, className: "sm-found-title", textContent: title }, { role: "presentation" });
      return el("div", {}, { role: "group", "aria-labelledby": heading.id }, heading, ...this.options.slice(next, (next += items.length)));
    }));
    const isShort = this.words.length < MIN_CHARS;
    const said = problem || (this.items.length ? this.texts.found.replace("{n}", this.items.length) : isShort ? this.texts.hint : this.isAnswered ? this.texts.none : this.texts.searching);
    this.status.textContent = said;
    this.status.classList.toggle("sm-hidden", this.items.length > 0);
    this.input.setAttribute("aria-expanded", String(this.items.length > 0));
    this.mark(this.first && this.items.length ? 0 : -1);
  }

  mark(at) {
    this.at = at;
    this.options.forEach((option, number) => option.setAttribute("aria-selected", String(number === at)));
    if (at < 0) return this.input.removeAttribute("aria-activedescendant");
    this.input.setAttribute("aria-activedescendant", this.options[at].id);
    this.options[at].scrollIntoView({ block: "nearest" });
  }

  pressed(event) {
    const { length } = this.items, step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (event.isComposing) return;
    if (step && length) {
      event.preventDefault();
      this.mark(this.at < 0 ? (step > 0 ? 0 : length - 1) : (this.at + step + length) % length);
    } else if (event.key === "Enter" && this.at >= 0) {
      event.preventDefault();
      this.take(this.at, event.ctrlKey || event.metaKey);
    }
  }

  take(at, isNewTab) {
    const item = this.items[at];
    if (item.reason) return void (this.status.textContent = item.reason);
    this.took(item);
    if (item.run) return item.run();
    // By a click, so that a form with unsaved changes asks first.
    const link = el("a", { href: item.url, hidden: true, ...(isNewTab ? { target: "_blank", rel: "noopener" } : {}) });
    document.body.append(link);
    link.click();
    link.remove();
  }
}
