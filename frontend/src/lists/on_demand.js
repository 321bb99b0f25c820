// Modules for parts that few lists have, loaded when such a part appears.

const MODULES = new Map([
  ["[data-cell-url]", () => import("./cell_editor.js")],
  [".sm-kanban", () => import("./board.js")],
  ["time[data-relative]", () => import("../page/relative_times.js")],
]);

const look = () => {
  for (const [selector, load] of MODULES) {
    if (!document.querySelector(selector)) continue;
    MODULES.delete(selector);
    load().catch(() => MODULES.set(selector, load)); // the connection is lost: another try follows
  }
};

look();
new MutationObserver((changes) => {
  if (MODULES.size && changes.some(({ addedNodes }) => addedNodes.length)) look();
}).observe(document.documentElement, { childList: true, subtree: true });
