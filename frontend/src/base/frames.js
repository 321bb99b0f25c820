// Server-sent events by hand: read from text, and handed to Datastar as if it had fetched them.

// The events that are whole, and the text that is not yet.
export const whole = (text) => {
  const frames = [];
  for (let end; (end = text.indexOf("\n\n")) >= 0; text = text.slice(end + 2)) frames.push(parsed(text.slice(0, end)));
  return [frames, text];
};

const parsed = (text) => {
  let type = "";
  const args = Object.create(null);
  for (const line of text.split("\n")) {
    if (line.startsWith("event: ")) type = line.slice(7);
    if (!line.startsWith("data: ")) continue;
    const at = line.indexOf(" ", 6), name = line.slice(6, at), value = line.slice(at + 1);
    args[name] = name in args ? `${args[name]}\n${value}` : value;
  }
  return { type, args };
};

export const show = ({ type, args }) => {
  const detail = { type, el: document.documentElement, argsRaw: args, live: true };
  document.dispatchEvent(new CustomEvent("datastar-fetch", { detail }));
};
