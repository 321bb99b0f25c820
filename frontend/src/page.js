// Parts of generated pages that are no form: toasts, menus, light and dark.

/* Toasts go by themselves, but not while somebody is at them. */

const TOAST_MS = 5000, ERROR_MS = 15_000; // who was looking elsewhere must still find what went wrong

export const toast = (text, kind = "error") => {
  const box = document.createElement("div");
  Object.assign(box, { className: "sm-toast", role: kind === "error" ? "alert" : "status" });
  box.dataset.toast = kind;
  box.append(Object.assign(document.createElement("p"), { textContent: text }));
  document.getElementById("starmodel-toasts")?.append(box);
};

const leave = (node) => {
  if (node.matches(":hover, :focus-within")) setTimeout(leave, 1000, node);
  else node.remove();
};

new MutationObserver((changes) => {
  for (const node of changes.flatMap((change) => [...change.addedNodes]))
    if (node.dataset?.toast !== undefined && !["progress", "failure"].includes(node.dataset.toast))
      setTimeout(leave, node.dataset.toast === "error" ? ERROR_MS : TOAST_MS, node);
}).observe(document.body ?? document.documentElement, { childList: true, subtree: true });

/* The progress of an event that was cut off: its end will never be told, and a retry tells its own. */

const progress = new WeakMap();

document.addEventListener("datastar-fetch", ({ detail: { type, el, argsRaw } }) => {
  const id = argsRaw?.elements?.match(/id="(starmodel-progress-[^"]+)"/)?.[1];
  if (type === "datastar-patch-elements" && id) progress.set(el, id);
  if (["retrying", "retries-failed", "error"].includes(type)) document.getElementById(progress.get(el))?.remove();
});

/* Menus close when something else is clicked, and by Escape. */

const closeMenus = (but) => {
  for (const menu of document.querySelectorAll("details.sm-menu[open]")) if (menu !== but) menu.open = false;
};

// What the menus of a list offer stands once beside it; it goes into a row's menu when that opens.
document.addEventListener("toggle", ({ target: menu }) => {
  if (!menu.matches?.("details.sm-menu")) return;
  menu.querySelector(".sm-menu-items")?.remove();
  const offered = menu.closest(".sm-list")?.querySelector("template[data-menu]");
  if (!menu.open || !offered) return;
  const box = document.createElement("div"), may = menu.dataset.may?.split(" ");
  box.className = "sm-menu-items";
  box.innerHTML = offered.innerHTML.replaceAll("%7Bid%7D", menu.closest("[data-key]").dataset.key);
  for (const item of [...box.children]) if (may && !may.includes(item.dataset.event)) item.remove();
  menu.append(box);
  const { bottom } = box.getBoundingClientRect();
  box.classList.toggle("sm-above", bottom > innerHeight && box.offsetHeight < menu.getBoundingClientRect().top);
}, true);

document.addEventListener("click", ({ target }) => {
  if (target.closest("[data-dismiss]")) target.closest("[data-toast]")?.remove();
  if (target.closest("[data-theme-switch]")) switchTheme();
  // A chosen action closes its menu too.
  const menu = target.closest("details.sm-menu");
  closeMenus(target.closest(".sm-item") ? null : menu);
});

document.addEventListener("keydown", (event) => {
  const menu = document.activeElement?.closest("details.sm-menu[open]");
  if (event.key === "Escape") {
    closeMenus();
    menu?.querySelector("summary").focus();
  } else if (menu && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
    event.preventDefault();
    const items = [...menu.querySelectorAll(".sm-item")], at = items.indexOf(document.activeElement);
    items.at((at + (event.key === "ArrowDown" ? 1 : at < 0 ? 0 : -1)) % items.length)?.focus();
  }
});

// The same place and words as MonsterUI's own theme picker keeps the choice in.
const THEME = "__FRANKEN__";

const switchTheme = () => {
  const dark = document.documentElement.classList.toggle("dark");
  try {
    const kept = JSON.parse(localStorage.getItem(THEME) ?? "{}");
    localStorage.setItem(THEME, JSON.stringify({ ...kept, mode: dark ? "dark" : "light" }));
  } catch {
    // Without storage the choice holds for this page.
  }
};
