// Bundles the modules of pages: one script for every page, and one for each module that it imports dynamically.
// Modules that both need are in the first script only: a second copy of a module would have a second state.
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { build } from "esbuild";

const [entry, outdir, define] = process.argv.slice(2);
const SHARED = 'globalThis[Symbol.for("starmodel.modules")]';
const OPTIONS = {
  bundle: true, format: "esm", minify: true, charset: "utf8", logLevel: "error", write: false, metafile: true,
  define: JSON.parse(define),
};
const IMPORT = /import\s*(?:\{([^}]*)\}\s*from\s*)?"([^"]+)"/g;

const lazy = new Set();

// A dynamic import is one of another file; the build gives that its hashed name.
const first = {
  name: "first",
  setup({ onResolve }) {
    onResolve({ filter: /^(datastar|franken-\w+)$/ }, ({ path }) => ({ path, external: true }));
    onResolve({ filter: /^\./ }, ({ kind, path, resolveDir }) => {
      if (kind !== "dynamic-import") return undefined;
      const file = resolve(resolveDir, path);
      lazy.add(file);
      return { path: `./${basename(file)}`, external: true };
    });
  },
};

const inputsOf = ({ metafile }) => new Set(Object.keys(metafile.inputs).map((file) => resolve(file)));

// Shapes: [module, names] of each import of a file.
const importsOf = (file) =>
  [...readFileSync(file, "utf8").matchAll(IMPORT)].map(([, names = "", path]) => [
    path.startsWith(".") ? resolve(dirname(file), path) : path,
    names.split(",").map((name) => name.trim().split(" as ")[0].trim()).filter(Boolean),
  ]);

const found = inputsOf(await build({ ...OPTIONS, entryPoints: [entry], outdir, plugins: [first] }));
const isShared = (file) => found.has(file) || file === "datastar";

const shared = []; // "module name" of each value that a later script reads, by its place
const placeOf = (file, name) => {
  const key = `${file} ${name}`;
  if (!shared.includes(key)) shared.push(key);
  return shared.indexOf(key);
};

const stubs = (names) => ({
  name: "stubs",
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^(\.|datastar$)/ }, ({ path, resolveDir }) => {
      const file = path.startsWith(".") ? resolve(resolveDir, path) : path;
      return isShared(file) ? { path: file, namespace: "shared", sideEffects: false } : undefined;
    });
    onLoad({ filter: /.*/, namespace: "shared" }, ({ path }) => ({
      contents: [...(names.get(path) ?? [])].map((name) => `export const ${name} = ${SHARED}[${placeOf(path, name)}];`).join("\n"),
    }));
  },
});

const owners = new Map(); // file → the later script that has it
const write = async (result, name) => {
  const { writeFile } = await import("node:fs/promises");
  await writeFile(resolve(outdir, name), result.outputFiles[0].contents);
};

for (const file of [...lazy].sort()) {
  const names = new Map(), todo = [file], own = new Set();
  for (let next = todo.pop(); next; next = todo.pop()) {
    if (own.has(next)) continue;
    own.add(next);
    if (owners.has(next)) throw new Error(`${basename(file)} and ${owners.get(next)} both contain ${basename(next)}: import it in ${basename(entry)}.`);
    owners.set(next, basename(file));
    for (const [target, wanted] of importsOf(next)) {
      if (isShared(target)) names.set(target, new Set([...(names.get(target) ?? []), ...wanted]));
      else todo.push(target);
    }
  }
  await write(await build({ ...OPTIONS, entryPoints: [file], outdir, plugins: [stubs(names)] }), basename(file));
}

const imports = shared.map((key, at) => {
  const [file, name] = key.split(" ");
  return `import { ${name} as shared_${at} } from ${JSON.stringify(file)};`;
});
const contents = [
  `import ${JSON.stringify(resolve(entry))};`, ...imports, `${SHARED} = [${shared.map((_, at) => `shared_${at}`).join(", ")}];`,
].join("\n");
const whole = { contents, resolveDir: dirname(resolve(entry)), sourcefile: "first.js" };
await write(await build({ ...OPTIONS, stdin: whole, outdir, plugins: [first] }), basename(entry));
