// Moments in words relative to now, "3 hours ago". The HTML has the exact time, which stays as the title: pages and rows
// are cached and shared, so only the browser knows how long ago it was.

const SELECTOR = "time[data-relative]", EVERY_MS = 30_000;
const STEPS = [["year", 31_536_000], ["month", 2_629_800], ["week", 604_800], ["day", 86_400], ["hour", 3600], ["minute", 60], ["second", 1]];

const formatter = (Kind, options) => {
  try {
    return new Kind(navigator.language, options);
  } catch {
    return new Kind("en", options);
  }
};
const relative = formatter(Intl.RelativeTimeFormat, { numeric: "auto" });
const exact = formatter(Intl.DateTimeFormat, { dateStyle: "medium", timeStyle: "short" });
const day = formatter(Intl.DateTimeFormat, { dateStyle: "medium" });

export const wording = (moment, now = Date.now(), isDay = false) => {
  const seconds = Math.round((moment - now) / 1000), steps = isDay ? STEPS.slice(0, 4) : STEPS;
  const [unit, size] = steps.find(([, least]) => Math.abs(seconds) >= least) ?? steps.at(-1);
  return relative.format(Math.trunc(seconds / size), unit);
};

const say = (el) => {
  const written = el.dateTime, isDay = /^\d{4}-\d\d-\d\d$/.test(written);
  // A moment without a zone is one of the wall clock; a day begins at midnight of this browser.
  const moment = new Date(isDay ? `${written}T00:00` : written);
  if (Number.isNaN(+moment)) return;
  const today = new Date(new Date().toDateString());
  const text = wording(moment, isDay ? today : Date.now(), isDay);
  if (el.textContent !== text) el.textContent = text;
  const title = (isDay ? day : exact).format(moment);
  if (el.title !== title) el.title = title;
};

const sayAll = () => document.querySelectorAll(SELECTOR).forEach(say);

let waiting = false;
const soon = () => {
  if (waiting) return;
  waiting = true;
  requestAnimationFrame(() => {
    waiting = false;
    sayAll();
  });
};

sayAll();
setInterval(() => document.hidden || sayAll(), EVERY_MS);
new MutationObserver(soon).observe(document.documentElement, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["datetime"] });
