// Choosing a record: a combobox with a list of choices, which the server searches. The form sends the id alone.
import { attribute, is, listen, matching } from "./elements.js";
import { openCreation } from "./record_creation.js";
import { recall, remember } from "./recent_choices.js";

const GAP_PX = 4, LEAST_PX = 180, MOST_PX = 320, LEAST_WIDTH_PX = 256;
const SEARCH_AFTER_MS = 200, PICKER = "[data-picker]";
let count = 0;

const el = (tag, properties = {}, attributes = {}) => {
  const made = Object.assign(document.createElement(tag), properties);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  return made;
};

class Picker {
  constructor(root) {
    const { url, name, texts } = JSON.parse(attribute(root, "data-picker"));
    Object.assign(this, { root, url, texts, options: [], at: -1, asked: 0, timer: 0, items: [] });
    this.input = root.querySelector("input[type=text]");
    this.box = this.input.parentElement;
    this.id = this.takeId(name);
    this.input.records = this.id; // checks.js finds the name of the input here
    this.chosen = { id: this.id.value, title: this.id.value ? this.input.value : "", url: "" };
    this.initial = this.chosen;
    this.build();
    this.show();
    root.setAttribute("data-ignore-morph", "");
  }

  // A hidden input has the id; what a form without scripts sends is not sent.
  takeId(name) {
    const radio = this.root.querySelector("input[type=radio]:checked");
    const label = radio && this.root.querySelector(`label[for="${CSS.escape(radio.id)}"] > span`);
    const value = radio ? radio.value : this.box.querySelector(`input[name="${CSS.escape(name)}"]`)?.value ?? "";
    if (radio) this.input.value = this.input.defaultValue = label.textContent;
    else if (!value) this.input.value = this.input.defaultValue = "";
    for (const old of this.root.querySelectorAll("input[type=hidden], .sm-picker-matches, .sm-picker-step")) old.remove();
    this.input.removeAttribute("name");
    const id = el("input", { type: "hidden", name, value });
    this.box.append(id);
    // A draft fills in both the title and the id.
    listen(id, "change", () => this.adopt({ id: id.value, title: this.input.value, url: "" }, true));
    return id;
  }

  build() {
    const { input, texts } = this, list = `${input.id || `picker-${++count}`}-list`;
    this.list = el("ul", { id: list, className: "sm-picker-list", popover: "manual" }, { role: "listbox", "aria-label": texts.show });
    this.status = el("p", { className: "sm-hidden" }, { role: "status", "aria-live": "polite" });
    this.clear = el("button", { type: "button", className: "sm-picker-clear", hidden: true, tabIndex: -1 }, { "aria-label": texts.clear });
    this.link = this.box.querySelector(".sm-picker-open")
      ?? el("a", { className: "sm-picker-open", target: "_blank", rel: "noopener", hidden: true });
    this.chosen.url = this.link.getAttribute("href") ?? "";
    this.link.setAttribute("aria-label", texts.open);
    this.link.title = texts.open;
    const attributes = {
      role: "combobox", "aria-autocomplete": "list", "aria-haspopup": "listbox", "aria-expanded": "false", "aria-controls": list,
    };
    for (const [name, value] of Object.entries(attributes)) input.setAttribute(name, value);
    this.box.append(this.clear, this.link);
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
    this.clear.addEventListener("click", () => {
      this.choose({ id: "", title: "", url: "" });
      input.focus();
    });
    if (this.id.form) listen(this.id.form, "reset", () => setTimeout(() => this.choose(this.initial, true)));
  }

  // A choice sends the form of a list's filters at once.
  get isFilter() {
    return Boolean(this.id.form) && is(this.id.form, "[data-filters]");
  }

  get isOpen() {
    return this.list.matches(":popover-open");
  }

  show() {
    const { id, url } = this.chosen, isChosen = Boolean(id) && this.input.value === this.chosen.title;
    this.clear.hidden = !this.input.value || this.input.required;
    this.link.hidden = !(isChosen && url);
    if (url) this.link.href = url;
  }

  // The input says what is typed; only a choice has an id.
  choose(choice, isQuiet = false) {
    this.close();
    this.adopt(choice, isQuiet);
  }

  adopt(choice, isQuiet = false) {
    this.chosen = choice;
    this.id.value = choice.id;
    this.input.value = choice.title;
    this.input.setCustomValidity("");
    this.show();
    if (isQuiet) return;
    if (choice.id) remember(this.url, choice.id);
    this.isQuiet = true;
    for (const type of ["input", "change"]) this.input.dispatchEvent(new Event(type, { bubbles: true }));
    this.isQuiet = false;
  }

  typed() {
    const { input, chosen } = this, isSame = Boolean(chosen.id) && input.value === chosen.title;
    this.id.value = isSame ? chosen.id : "";
    input.setCustomValidity(input.value.trim() && !isSame ? this.texts.choose : "");
    this.show();
    this.open();
  }

  // A search that is under way goes on, since its answer may have what was typed.
  left() {
    this.hide();
    if (!this.input.value && this.chosen.id) this.adopt({ id: "", title: "", url: "" });
    else this.takeMeant();
  }

  // The only choice with that very title is what was meant.
  takeMeant() {
    const meant = this.items.filter(({ title }) => title === this.input.value);
    if (!this.id.value && meant.length === 1) this.adopt(meant[0]);
  }

  open() {
    clearTimeout(this.timer);
    const isChosen = Boolean(this.chosen.id) && this.input.value === this.chosen.title;
    const words = isChosen ? "" : this.input.value.trim();
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

  async search(words) {
    const mine = ++this.asked;
    const query = new URLSearchParams(words ? { search: words } : {}), recent = words ? [] : recall(this.url);
    if (recent.length) query.set("recent", JSON.stringify(recent));
    let answer = null, problem = "";
    try {
      const response = await fetch(`${this.url}?${query}`, { headers: { Accept: "application/json" } });
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

  offer(words, { recent, items, more, create }) {
    const known = new Set(recent.map(({ id }) => id)), others = items.filter(({ id }) => !known.has(id));
    const rows = [];
    if (recent.length) rows.push(this.heading(this.texts.recent), ...recent.map((item) => this.option(item)));
    if (recent.length && others.length) rows.push(this.heading(this.texts.all));
    rows.push(...others.map((item) => this.option(item)));
    if (!recent.length && !others.length) rows.push(this.note(this.texts.none));
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
    const row = el("li", { item }, { role: "option", "aria-selected": String(item.id === this.id.value && Boolean(item.id)) });
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
    const response = await fetch(`${this.url}?${new URLSearchParams({ recent: JSON.stringify([made]) })}`, { headers: { Accept: "application/json" } })
      .catch(() => null);
    const answer = response?.ok ? await response.json() : { recent: [] };
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
      this.choose({ id: "", title: "", url: "" });
    }
  }
}

const pickers = new WeakMap();
const enhance = (root) => pickers.has(root) || pickers.set(root, new Picker(root));

export const enhanceIn = (node) => {
  if (!(node instanceof Element)) return;
  if (is(node, PICKER)) enhance(node);
  for (const root of matching(node, PICKER)) enhance(root);
};

enhanceIn(document.documentElement);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) addedNodes.forEach(enhanceIn);
}).observe(document.documentElement, { childList: true, subtree: true });
