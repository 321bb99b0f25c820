// The headings of a grouped list stay above the first row of their group while rows change, and have their numbers.
const HEADING = "tr.sm-group", BODY = "tbody[data-width]";

const make = ({ dataset: { group, heading } }, width) => {
  const row = Object.assign(document.createElement("tr"), { className: "sm-group" });
  row.dataset.heading = group;
  const cell = Object.assign(document.createElement("th"), { colSpan: width, scope: "rowgroup" });
  const label = Object.assign(document.createElement("span"), { dir: "auto", textContent: heading });
  const number = Object.assign(document.createElement("span"), { className: "sm-muted" });
  number.dataset.groupCount = "";
  cell.append(label, " ", number);
  row.append(cell);
  return row;
};

const wanted = (body) => {
  const firsts = [];
  let last;
  for (const row of body.children) {
    if (row.dataset.group === undefined) continue;
    if (row.dataset.group !== last) firsts.push(row);
    last = row.dataset.group;
  }
  return firsts;
};

const arrange = (body) => {
  const firsts = wanted(body), headings = [...body.querySelectorAll(HEADING)];
  const fits = (row) => row.previousElementSibling?.matches(HEADING) && row.previousElementSibling.dataset.heading === row.dataset.group;
  if (headings.length === firsts.length && firsts.every(fits)) return;
  for (const heading of headings) heading.remove();
  for (const row of firsts) row.before(make(row, body.dataset.width));
  fill(body);
};

/* The numbers come with that of all records; the totals of a group stand beside them. */

let known = new Map();

const fill = (body) => {
  for (const heading of body.querySelectorAll(HEADING)) {
    const group = known.get(heading.dataset.heading), number = heading.querySelector("[data-group-count]");
    if (!group) continue;
    number.innerHTML = [`(${group.count.toLocaleString()})`, ...Object.values(group.totals)].join(" \u00b7 ");
  }
};

export const showGroups = (groups) => {
  known = new Map((groups ?? []).map((group) => [group.key, group]));
  document.querySelectorAll(BODY).forEach(fill);
};

export const showTotals = (totals) => {
  for (const foot of document.querySelectorAll("tfoot[data-totals]")) {
    foot.hidden = !totals;
    for (const cell of totals ? foot.querySelectorAll("[data-total]") : []) cell.innerHTML = totals[cell.dataset.total] ?? "";
  }
};

new MutationObserver((changes) => {
  for (const body of new Set(changes.map(({ target }) => target.closest?.(BODY)))) if (body) arrange(body);
}).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-group"] });
