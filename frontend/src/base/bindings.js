// Which signal a control is bound to, by the spelling rules of Datastar's `data-bind`.

const camel = (key) => key.replace(/-[a-z]/g, (found) => found[1].toUpperCase());
const CASES = {
  kebab: (key) => key,
  snake: (key) => key.replaceAll("-", "_"),
  pascal: (key) => camel(key.replace(/^./, (first) => first.toUpperCase())),
};

// The signal's path, "" for a control without one.
export const pathOf = (el) => {
  for (const { name, value } of el.attributes) {
    if (!name.startsWith("data-bind")) continue;
    const [plugin, ...modifiers] = name.split("__"), key = plugin.slice("data-bind:".length);
    if (plugin === "data-bind") return value;
    if (!plugin.startsWith("data-bind:")) continue;
    const spelled = modifiers.find((modifier) => modifier.startsWith("case."))?.slice("case.".length);
    return (CASES[spelled] ?? camel)(key);
  }
  return "";
};
