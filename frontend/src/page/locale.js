// Dates, times and numbers in the visitor's time zone and language: that of the page where the server has written them in it
// (`data-formats`), as this browser is set elsewhere. The same for inputs: what was typed is sent as the server writes it.
import { matching } from "../base/elements.js";
import "../lists/lists.js"; // rows are remembered as the server wrote them

const language = (() => {
  try {
    const { lang, dataset } = document.documentElement;
    const isOfPage = (tag) => tag.split("-")[0] === lang.split("-")[0];
    const tag = dataset.formats === undefined ? navigator.language : (navigator.languages.find(isOfPage) ?? lang);
    return Intl.getCanonicalLocales(tag)[0];
  } catch {
    return "en";
  }
})();
const ownZone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? "UTC";

const formats = new Map();
const format = (kind, options) => {
  const key = JSON.stringify([kind.name, options]);
  if (!formats.has(key)) formats.set(key, new kind(language, options));
  return formats.get(key);
};

/* Dates and times. */

const DAY = { year: "numeric", month: "short", day: "numeric" }, CLOCK = { hour: "2-digit", minute: "2-digit" };
const ZONE = /(Z|[-+]\d\d:?\d\d)$/;

const momentText = (text, zoned) => {
  const isDay = /^\d{4}-\d\d-\d\d$/.test(text), isAware = ZONE.test(text);
  const moment = new Date(isDay ? `${text}T00:00Z` : isAware ? text : `${text}Z`);
  if (Number.isNaN(+moment) || !/^\d{4}-/.test(text)) return null;
  if (isDay) return format(Intl.DateTimeFormat, { ...DAY, timeZone: "UTC" }).format(moment);
  const zone = isAware ? { timeZone: zoned ? ownZone : "UTC", timeZoneName: "short" } : { timeZone: "UTC" };
  return format(Intl.DateTimeFormat, { ...DAY, ...CLOCK, ...zone }).format(moment);
};

/* Numbers. `data-places` is the least number of decimals; those of the value are all shown. */

const placesOf = (text) => (/e/i.test(text) ? 0 : (text.split(".")[1] ?? "").length);

const numberText = (text, { currency, percent, places, group }) => {
  if (!/^-?\d+(\.\d+)?$/.test(text)) return null;
  const shift = percent === undefined ? 0 : 2, least = Number(places ?? 0);
  const most = Math.min(100, Math.max(least, placesOf(text) - shift));
  const options = { minimumFractionDigits: percent === undefined ? most : Math.min(least, most), maximumFractionDigits: most, useGrouping: group ?? "always" };
  if (percent !== undefined) options.style = "percent";
  if (currency) Object.assign(options, { style: "currency", currency });
  try {
    return format(Intl.NumberFormat, options).format(text);
  } catch {
    return null; // no currency that this browser knows
  }
};

const partOf = (type) => format(Intl.NumberFormat, { useGrouping: "always" }).formatToParts(12345.6).find((part) => part.type === type)?.value;
const decimal = partOf("decimal") ?? ".";

// "1.234,50" and "1,234.50" say by themselves what is what; one separator alone has the meaning of the language.
const plainNumber = (text) => {
  const isPercent = /[%\u066a]/.test(text);
  let digits = text.replace(/[\s\u00a0\u202f'\u2019%\u066a]|\p{Sc}|\b[A-Z]{3}\b/gu, "");
  const sign = /^[-\u2212]/.test(digits) ? "-" : "";
  digits = digits.replace(/^[-+\u2212]/, "");
  if (!/^[\d.,]*\d[\d.,]*$/.test(digits)) return null;
  const last = Math.max(digits.lastIndexOf("."), digits.lastIndexOf(",")), mark = digits[last];
  const isMixed = digits.includes(".") && digits.includes(",");
  const isGrouped = new RegExp(`^\\d{1,3}(\\${mark}\\d{3})+$`).test(digits) && (mark !== decimal || digits.split(mark).length > 2);
  let whole = digits, rest = "";
  if (last >= 0 && (isMixed || !isGrouped)) [whole, rest] = [digits.slice(0, last), digits.slice(last + 1)];
  if (isMixed && !/^\d{1,3}([.,]\d{3})*$/.test(whole)) return null;
  whole = whole.replace(/[.,]/g, "");
  if (!/^\d*$/.test(whole + rest)) return null;
  return { number: `${sign}${whole || "0"}${rest && `.${rest}`}`, isPercent };
};

/* What an element says. */

const shown = new WeakMap(); // element → [the server's text, what is shown for it]

const localize = (el) => {
  const isTime = el.localName === "time", written = el.getAttribute(isTime ? "datetime" : "value") ?? "";
  const text = isTime ? momentText(written, el.dataset.local === "zone") : numberText(written, el.dataset);
  if (text !== null && el.textContent !== text) el.textContent = text;
};

/* Inputs. */

const pad = (number, length = 2) => String(number).padStart(length, "0");
const local = (text) => {
  const date = new Date(`${text}Z`);
  if (Number.isNaN(+date) || date.getFullYear() < 1000 || date.getFullYear() > 9998) return null;
  const day = `${pad(date.getFullYear(), 4)}-${pad(date.getMonth() + 1)}-${pad(date.getDate())}T${pad(date.getHours())}:${pad(date.getMinutes())}`;
  return day + text.slice("2026-11-24T16:30".length);
};
const inUtc = (text) => {
  const date = new Date(text);
  return Number.isNaN(+date) ? text : new Date(+date).toISOString().slice(0, Math.max(16, Math.min(23, text.length)));
};

// A percentage is written with its sign, as people type it.
const typedText = (written, { dataset: { places, percent } }) => {
  const text = numberText(written.replace(/%$/, ""), { places });
  return text === null || percent === undefined ? text : `${text} %`;
};

const localizeInput = (input) => {
  const written = input.getAttribute("value") ?? "", before = shown.get(input);
  if (before?.[1] === written || (before && input.value !== before[1])) return; // shown already, or typed in
  const text = input.type === "datetime-local" ? local(written) : typedText(written, input);
  nameZone(input);
  if (!written || text === null) return;
  input.value = text;
  input.defaultValue = text;
  shown.set(input, [written, input.value]);
};

const nameZone = (input) => {
  for (const label of input.type === "datetime-local" ? input.labels : []) {
    const texts = document.createTreeWalker(label, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) texts.currentNode.data = texts.currentNode.data.replace("(UTC)", `(${ownZone})`);
  }
};

const plain = (input) => {
  const [written, text] = shown.get(input) ?? [];
  if (input.value === text) return written;
  if (input.type === "datetime-local") return input.value && inUtc(input.value);
  const found = plainNumber(input.value);
  if (!found) return input.value;
  return found.isPercent || input.dataset.percent !== undefined ? `${found.number}%` : found.number;
};

const INPUTS = "input[data-local]";

document.addEventListener("formdata", ({ target, formData }) => {
  for (const input of matching(target, INPUTS))
    if (input.name && formData.has(input.name)) formData.set(input.name, plain(input));
});

// What was typed is shown as it was understood.
document.addEventListener("change", ({ target }) => {
  if (!target.matches?.(INPUTS) || target.type !== "text") return;
  const written = plain(target), text = typedText(written, target);
  if (text === null) return;
  target.value = text;
  shown.set(target, [written, text]);
});

/* Now, and whenever the page changes. */

const LOCAL = "time[data-local], data[data-local]";
const visit = (node) => {
  if (node.nodeType === Node.TEXT_NODE) return node.parentElement?.matches(LOCAL) && localize(node.parentElement);
  if (node.nodeType !== Node.ELEMENT_NODE) return;
  for (const el of [node, ...node.querySelectorAll(`${LOCAL}, ${INPUTS}`)]) {
    if (el.matches(LOCAL)) localize(el);
    else if (el.matches(INPUTS)) localizeInput(el);
  }
};

visit(document.documentElement);
new MutationObserver((changes) => {
  for (const { target, type, addedNodes } of changes) {
    if (type === "childList") for (const node of addedNodes) visit(node);
    else if (type === "characterData") visit(target);
    else if (target.matches(LOCAL)) localize(target);
    else if (target.matches(INPUTS)) localizeInput(target);
  }
}).observe(document.documentElement, {
  subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["datetime", "value"],
});
