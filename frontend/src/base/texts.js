// The sentences that the modules display: the server sends them with the page, in its language.
const texts = JSON.parse(document.getElementById("starmodel-texts")?.textContent || "{}");

export const text = (name, params = {}) => (texts[name] ?? "").replace(/\{(\w+)\}/g, (whole, key) => params[key] ?? whole);
