// Attributes of htmx do nothing on a page that does not load it; the console says so.
const ATTRIBUTES = ["get", "post", "put", "patch", "delete"].map((method) => `[hx-${method}]`).join(", ");

addEventListener("load", () => {
  const found = window.htmx ? null : document.querySelector(ATTRIBUTES);
  if (found) console.warn("This page does not load htmx, so its hx- attributes do nothing. Use data_on_click with an action instead.", found);
});
