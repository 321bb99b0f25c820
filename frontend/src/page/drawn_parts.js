// A patch makes elements what the server wrote, and so takes away what the scripts of Franken UI have put there.

const SWITCHERS = "[uk-tab], [data-uk-tab], [uk-switcher], [data-uk-switcher]";

const switcher = (nav) => window.UIkit?.getComponent(nav, "tab") ?? window.UIkit?.getComponent(nav, "switcher");

class Tabs {
  constructor(nav, component) {
    this.nav = nav;
    this.component = component;
    this.chosen = component.index();
    this.focused = component.toggles.indexOf(document.activeElement);
    // With ids that the server does not know, patches would replace the elements, and typed text with them.
    for (const el of [...component.toggles, ...component.connects.flatMap((list) => [...list.children])])
      if (/^uk-(tab|switcher)-\d+/.test(el.id)) el.removeAttribute("id");
  }

  restore() {
    if (!this.nav.isConnected) return;
    const { children, connects, cls, toggles } = this.component;
    if (this.chosen in children) {
      const choose = (list) => [...list].forEach((el, at) => el.classList.toggle(cls, at === this.chosen));
      [children, ...connects.map((list) => list.children)].forEach(choose);
      this.component.show(this.chosen);
      if (this.focused >= 0) toggles[this.focused]?.focus();
    }
    window.UIkit.update(this.nav); // ids and roles
  }
}

// What a chart shows, when nothing but that differs between two texts of its options; else null.
const newData = (before, after) => {
  try {
    const shown = ({ series, labels, xaxis }) => ({ series, labels, xaxis });
    const around = ({ series, labels, xaxis, ...rest }) => JSON.stringify(rest);
    const [old, now] = [before, after].map((text) => JSON.parse(text));
    return around(old) === around(now) ? JSON.parse(JSON.stringify(shown(now))) : null;
  } catch {
    return null;
  }
};

// An icon or a chart: what it has drawn is put back. A chart moves to new data; what else is new is drawn afresh.
class Drawing {
  constructor(el) {
    this.el = el;
    this.drawn = [...el.childNodes].filter((node) => !(node instanceof HTMLScriptElement));
    this.data = this.text();
  }

  text() {
    return this.el.querySelector("script")?.textContent;
  }

  restore() {
    if (!this.el.isConnected) return;
    const data = this.text() === this.data ? null : newData(this.data, this.text());
    if (this.text() !== this.data && !(data && this.el._apexCharts)) {
      const fresh = this.el.cloneNode(true);
      fresh.replaceChildren(...fresh.querySelectorAll("script"));
      this.el.replaceWith(fresh);
      return;
    }
    if (this.drawn.some((node) => !node.isConnected)) this.el.append(...this.drawn);
    if (data) this.el._apexCharts.updateOptions(data);
  }
}

let restorable = null;

const restore = () => {
  for (const part of restorable) part.restore();
  restorable = null;
};

document.addEventListener("datastar-fetch", ({ detail }) => {
  if (restorable || detail.type !== "datastar-patch-elements") return;
  const tabs = [...document.querySelectorAll(SWITCHERS)].map((nav) => [nav, switcher(nav)]);
  restorable = tabs.filter(([, component]) => component).map(([nav, component]) => new Tabs(nav, component));
  for (const el of document.querySelectorAll("uk-icon, uk-chart")) restorable.push(new Drawing(el));
  queueMicrotask(restore); // behind the patch, before components look at themselves and the next paint
}, true);
