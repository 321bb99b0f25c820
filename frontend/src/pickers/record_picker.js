// Choosing records: one, whose title the input shows, or several, each of which is a chip. The form sends ids alone.
import { attribute, is, listen, matching } from "../base/elements.js";
import { Combobox, el } from "./combobox.js";

const isRightToLeft = () => document.documentElement.dir === "rtl";

const PICKER = "[data-picker]", NONE = { id: "", title: "", url: "" };

class RecordPicker extends Combobox {
  constructor(root, about) {
    super(root, about);
    this.id = this.takeId(about.name);
    this.input.records = this.id; // checks.js finds the name of the input here
    this.chosen = { id: this.id.value, title: this.id.value ? this.input.value : "", url: "" };
    this.initial = this.chosen;
    this.build();
    this.show();
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
    const { texts } = this;
    super.build();
    this.clearButton = el("button", { type: "button", className: "sm-picker-clear", hidden: true, tabIndex: -1 }, { "aria-label": texts.clear });
    this.link = this.box.querySelector(".sm-picker-open")
      ?? el("a", { className: "sm-picker-open", target: "_blank", rel: "noopener" });
    this.chosen.url = this.link.getAttribute("href") ?? "";
    this.link.setAttribute("aria-label", texts.open);
    this.link.title = texts.open;
    this.box.append(this.clearButton);
    this.clearButton.addEventListener("click", () => {
      this.clear();
      this.input.focus();
    });
  }

  get isSame() {
    return Boolean(this.chosen.id) && this.input.value === this.chosen.title;
  }

  get words() {
    return this.isSame ? "" : this.input.value.trim();
  }

  isTaken(id) {
    return Boolean(id) && id === this.id.value;
  }

  show() {
    const { url } = this.chosen;
    this.clearButton.hidden = !this.input.value || this.input.required;
    // A link without an address is none.
    if (!(this.isSame && url)) return this.link.remove();
    this.link.href = url;
    this.link.hidden = false;
    this.clearButton.after(this.link);
  }

  // The input says what is typed; only a choice has an id.
  choose(choice, isQuiet = false) {
    this.close();
    this.adopt(choice, isQuiet);
  }

  clear() {
    this.choose({ ...NONE });
  }

  reset() {
    this.choose(this.initial, true);
  }

  adopt(choice, isQuiet = false) {
    this.chosen = choice;
    this.id.value = choice.id;
    this.input.value = choice.title;
    this.input.setCustomValidity("");
    this.show();
    if (isQuiet) return;
    if (choice.id) this.remember(choice.id);
    this.announce();
  }

  // A choice that does not go with what it depends on is removed. The server refuses it as well.
  async recheck() {
    const { id, title } = this.chosen;
    this.items = [];
    if (!id) return;
    const answer = await this.ask({ recent: JSON.stringify([id]) }).then((response) => (response.ok ? response.json() : null)).catch(() => null);
    if (!answer || answer.recent.length || id !== this.chosen.id) return;
    this.adopt({ ...NONE });
    this.status.textContent = this.texts.cleared.replace("{title}", () => title);
  }

  typed() {
    const { input, chosen, isSame } = this;
    this.id.value = isSame ? chosen.id : "";
    input.setCustomValidity(input.value.trim() && !isSame ? this.texts.choose : "");
    this.show();
    this.open();
  }

  // A search that is under way goes on, since its answer may have what was typed.
  left() {
    this.hide();
    if (!this.input.value && this.chosen.id) this.adopt({ ...NONE });
    else this.takeMeant();
  }

  // The only choice with that very title is what was meant.
  takeMeant() {
    const meant = this.items.filter(({ title }) => title === this.input.value);
    if (!this.id.value && meant.length === 1) this.adopt(meant[0]);
  }
}

// The chips keep the order of choosing. A draft of the form has them in one input without a name.
class RecordsPicker extends Combobox {
  constructor(root, about) {
    super(root, about);
    this.name = about.name;
    const boxes = [...root.querySelectorAll("input[type=checkbox]:checked")];
    this.chosen = boxes.map((box) => ({ id: box.value, title: root.querySelector(`label[for="${CSS.escape(box.id)}"] > span`).textContent }));
    this.initial = this.chosen;
    for (const old of root.querySelectorAll(".sm-picker-boxes, .sm-picker-matches, .sm-picker-step")) old.remove();
    this.input.removeAttribute("name");
    this.input.value = this.input.defaultValue = "";
    this.input.records = { name: this.name };
    this.build();
    this.show();
  }

  build() {
    super.build();
    this.list.setAttribute("aria-multiselectable", "true");
    this.chips = el("ul", { className: "sm-chips" }, { "aria-label": this.texts.chosen });
    this.draft = el("input", { type: "hidden", id: `${this.input.id}-chosen` });
    this.box.before(this.chips);
    this.root.append(this.draft);
    listen(this.draft, "change", () => this.restore());
    this.chips.addEventListener("click", ({ target }) => {
      const at = [...this.chips.querySelectorAll("button")].indexOf(target.closest("button"));
      if (at >= 0) this.remove(at, true);
    });
    this.chips.addEventListener("keydown", (event) => this.moved(event));
  }

  get words() {
    return this.input.value.trim();
  }

  isTaken(id) {
    return this.chosen.some((each) => each.id === id);
  }

  show() {
    this.chips.replaceChildren(...this.chosen.map(({ id, title }) => {
      const chip = el("li", { className: "sm-chip" });
      const button = el("button", { type: "button" }, { "aria-label": this.texts.remove.replace("{title}", () => title) });
      chip.append(el("span", { textContent: title, dir: "auto" }), button, el("input", { type: "hidden", name: this.name, value: id }, { "data-no-draft": "" }));
      return chip;
    }));
    this.chips.hidden = !this.chosen.length;
    this.draft.value = JSON.stringify(this.chosen.map(({ id, title }) => [id, title]));
  }

  set(chosen, said = "") {
    this.chosen = chosen;
    this.show();
    if (said) this.status.textContent = said;
    this.announce();
  }

  // A record that is chosen again is taken out.
  choose(item) {
    this.close();
    this.input.value = "";
    this.input.setCustomValidity("");
    const at = this.chosen.findIndex(({ id }) => id === item.id);
    if (at >= 0) return this.remove(at);
    this.remember(item.id);
    this.set([...this.chosen, item], this.texts.added.replace("{title}", () => item.title));
  }

  remove(at, hasFocus = false) {
    const { title } = this.chosen[at];
    this.set(this.chosen.filter((_, number) => number !== at), this.texts.removed.replace("{title}", () => title));
    const buttons = [...this.chips.querySelectorAll("button")];
    if (hasFocus) (buttons[Math.min(at, buttons.length - 1)] ?? this.input).focus();
  }

  clear() {
    this.input.value = "";
    this.typed();
    this.close();
  }

  reset() {
    this.chosen = this.initial;
    this.input.value = "";
    this.input.setCustomValidity("");
    this.show();
  }

  restore() {
    this.chosen = JSON.parse(this.draft.value).filter((each) => Array.isArray(each)).map(([id, title]) => ({ id: String(id), title: String(title) }));
    this.show();
  }

  typed() {
    this.input.setCustomValidity(this.words ? this.texts.choose : "");
    this.open();
  }

  left() {
    this.hide();
    this.takeMeant();
  }

  takeMeant() {
    const meant = this.items.filter(({ id, title }) => title === this.words && !this.isTaken(id));
    if (this.words && meant.length === 1 && document.activeElement !== this.input) this.choose(meant[0]);
  }

  pressed(event) {
    const { key, target } = event, isAtStart = !target.value || (target.selectionStart === 0 && target.selectionEnd === 0);
    if (event.isComposing || !isAtStart || !this.chosen.length) return super.pressed(event);
    if (key === "Backspace" && !target.value) {
      event.preventDefault();
      this.remove(this.chosen.length - 1);
    } else if (key === (isRightToLeft() ? "ArrowRight" : "ArrowLeft")) this.chips.querySelector("li:last-child button").focus();
    else super.pressed(event);
  }

  // The arrow keys go along the chips, and back to the input.
  moved(event) {
    const buttons = [...this.chips.querySelectorAll("button")], at = buttons.indexOf(event.target.closest("button"));
    const step = isRightToLeft() ? -1 : 1;
    const to = { ArrowLeft: at - step, ArrowRight: at + step, Home: 0, End: buttons.length - 1 }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") this.remove(at, true);
    else if (to === undefined) return;
    else (to < 0 ? buttons[0] : buttons[to] ?? this.input).focus();
    event.preventDefault();
  }
}

const pickers = new WeakMap();
const enhance = (root) => {
  if (pickers.has(root)) return;
  const about = JSON.parse(attribute(root, "data-picker")), Kind = about.several ? RecordsPicker : RecordPicker;
  const input = root.querySelector("input[type=text]"), early = input === document.activeElement && input.value !== input.defaultValue ? input.value : "";
  const picker = new Kind(root, about);
  pickers.set(root, picker);
  if (early) {
    // What was typed before this module had loaded is searched for.
    input.value = early;
    picker.typed();
  }
  root.setAttribute("data-ignore-morph", "");
};

export const enhanceIn = (node) => {
  if (!(node instanceof Element)) return;
  if (is(node, PICKER)) enhance(node);
  for (const root of matching(node, PICKER)) enhance(root);
};

enhanceIn(document.documentElement);
new MutationObserver((changes) => {
  for (const { addedNodes } of changes) addedNodes.forEach(enhanceIn);
}).observe(document.documentElement, { childList: true, subtree: true });
