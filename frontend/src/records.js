// Choosing a record by the name that people know it by; what the form sends is its id.
import { listen } from "./elements.js";

const SEARCH_AFTER_MS = 200, OFFERED = 10;
const CHOOSE = "Please choose one from the list.";
const nameOf = (input, item) => String(input.dataset.titles.split(" ").map((field) => item[field]).find(Boolean) || item.id);

// As `key_of` in app/listing.py writes ids in addresses.
const segment = (id) => encodeURIComponent(/^~*(new|_bulk|\.{0,2})$/.test(id) ? `~${id}` : id);

const ask = async (url) => {
  const answer = await fetch(url, { headers: { Accept: "application/json" } });
  return answer.ok ? answer.json() : null;
};

const enhance = (input) => {
  if (input.records) return;
  // The visible input holds the name, a hidden one the id. Text that names no record is never sent.
  const id = Object.assign(document.createElement("input"), { type: "hidden", name: input.name, value: input.value });
  const known = new Map(input.value ? [[input.value, input.value]] : []), address = input.dataset.records;
  input.records = id;
  input.removeAttribute("name");
  input.after(id);

  const choose = () => {
    id.value = known.get(input.value) ?? "";
    input.setCustomValidity(input.value && !id.value ? CHOOSE : "");
  };

  const offer = (items) => {
    const options = items.map((item) => {
      const name = nameOf(input, item), taken = known.has(name) && known.get(name) !== String(item.id);
      const text = taken ? `${name} (${item.id})` : name;
      known.set(text, String(item.id));
      return Object.assign(document.createElement("option"), { value: text });
    });
    input.list.replaceChildren(...options);
  };

  let timer, latest = 0;
  const search = async () => {
    const mine = ++latest;
    const found = await ask(`${address}?per_page=${OFFERED}&search=${encodeURIComponent(input.value)}`);
    if (!found || mine !== latest) return;
    offer(found.items);
    choose();
    if (id.value) input.dispatchEvent(new Event("input", { bubbles: true })); // the form is checked again
  };

  input.addEventListener("input", () => {
    choose();
    clearTimeout(timer);
    if (!known.has(input.value)) timer = setTimeout(search, SEARCH_AFTER_MS);
  });
  input.addEventListener("focus", () => input.list.options.length || search());
  if (id.form) listen(id.form, "reset", () => setTimeout(choose));

  if (id.value)
    ask(`${address}/${segment(id.value)}`).then((item) => {
      if (!item || input.value !== id.value) return;
      known.set(nameOf(input, item), String(item.id));
      input.value = input.defaultValue = nameOf(input, item);
    });
};

const enhanceAll = () => document.querySelectorAll("input[data-records]").forEach(enhance);
enhanceAll();
document.addEventListener("focusin", ({ target }) => target.matches("input[data-records]") && enhance(target));
