// Writes the style sheet for the classes on standard input, one a line, to standard output.
import { readFile } from "node:fs/promises";
import { compile } from "./lib.mjs";

const beside = (name) => readFile(new URL(name, import.meta.url), "utf8");
let names = "";
for await (const part of process.stdin) names += part;

const compiler = await compile(await beside("./application.css"), {
  // Both sheets of Tailwind lie here, under the last part of their names.
  loadStylesheet: async (id, base) => ({ path: id, base, content: await beside(`./${id.split("/").pop()}`) }),
});
process.stdout.write(compiler.build(names.split("\n")));
