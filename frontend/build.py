"""Build the browser assets into `src/starmodel/static`.

Datastar comes out of a PyPI wheel and the style sheet out of npm packages, all
pinned by their hashes; nothing third-party is committed. Needs Python, pip,
Node and, on the first build, the package registries. A stamp skips a build
whose inputs did not change; what was downloaded is kept in `frontend/.kept`
and `frontend/node_modules`.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sys
import zipfile
from collections.abc import Iterable
from pathlib import Path

from building.errors import BuildError
from building.node import Node
from building.publishing import Publisher
from building.purging import classes
from building.styles import style_sheets
from building.wheels import DATASTAR, MONSTERUI, fetch

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parent / "src" / "starmodel"
STATIC, KEPT = PACKAGE / "static", HERE / ".kept"
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)

# Loaded only by pages that use their components.
NPM_SCRIPTS = {
    "franken-core.js": "franken-ui/dist/js/core.iife.js",
    "franken-icons.js": "franken-ui/dist/js/icon.iife.js",
    "franken-charts.js": "franken-ui/dist/js/chart.iife.js",
    "tailwind.js": "@tailwindcss/browser/dist/index.global.js",
}
NPM_LICENSES = {
    "LICENSE-franken-ui.txt": "franken-ui/LICENSE.md",
    "LICENSE-daisyui.txt": "daisyui/LICENSE",
    "LICENSE-tailwindcss.txt": "tailwindcss/LICENSE",
}
# StarHTML patched Datastar, so the licences of both travel with it.
WHEEL_LICENSES = {
    "LICENSE-starhtml.txt": "starhtml-0.7.0.dist-info/licenses/LICENSE",
    "NOTICE-starhtml.txt": "starhtml-0.7.0.dist-info/licenses/NOTICE",
}


# Modules that name classes of Franken UI's components, which generated pages don't have.
THEIRS = ("components.js", "drawn_parts.js")


def own_sources() -> dict[str, str]:
    """Our modules and drawings, by their paths below `src`."""
    source = HERE / "src"
    files = sorted([*source.rglob("*.js"), *source.glob("*.svg")])
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    return {path.relative_to(source).as_posix(): text for path, text in texts.items()}


def renderer_files() -> list[Path]:
    """The sources that name classes of generated pages.

    Components of the application's own pages, which load the whole style sheet, are not among them.
    """
    folders = ("adapters/ui", "adapters/frontends", "adapters/web", "plugins", "cli/serving")
    own = [path for path in sorted(HERE.glob("src/**/*.js")) if path.name not in THEIRS]
    found = [path for name in folders for path in sorted(PACKAGE.glob(f"{name}/**/*.py"))]
    return [path for path in found if "components" not in path.parts] + own


def datastar(folder: Path) -> str:
    """Datastar's text; its licences are written into `folder`."""
    with zipfile.ZipFile(fetch(DATASTAR, KEPT)) as wheel:
        for name, member in WHEEL_LICENSES.items():
            (folder / name).write_bytes(wheel.read(member))
        return SOURCE_MAP.sub("", wheel.read("starhtml/static/js/datastar-core.js").decode())


def npm_sources(folder: Path, node: Node) -> dict[str, str]:
    """The style sheets and the scripts from npm; their licences are written into `folder`."""
    modules = HERE / "node_modules"
    for name, file in NPM_LICENSES.items():
        shutil.copyfile(modules / file, folder / name)
    renderers = [path.read_text(encoding="utf-8") for path in renderer_files()]
    made = style_sheets(HERE, node, fetch(MONSTERUI, KEPT), KEPT, renderers)
    for name, file in NPM_SCRIPTS.items():
        made[name] = SOURCE_MAP.sub("", (modules / file).read_text(encoding="utf-8"))
    compiler_parts(folder / "compiler")
    return made


def bundled(own: dict[str, str], node: Node, styled: Iterable[str]) -> dict[str, str]:
    """Our modules as one for every page, and one for each that it loads later.

    Without Node each module is a file. Shapes: styled has the classes of the style sheet of
    generated pages.
    """
    made = KEPT / "bundles"
    shutil.rmtree(made, ignore_errors=True)
    made.mkdir(parents=True)
    names = " ".join(name for name in styled if not name.startswith("sm-"))
    known = json.dumps({"STYLED_CLASSES": json.dumps(names)})
    node.run("building/bundle.mjs", "src/starmodel.js", str(made), known)
    rest = {name: text for name, text in own.items() if not name.endswith(".js")}
    return rest | {path.name: path.read_text(encoding="utf-8") for path in made.glob("*.js")}


def compiler_parts(folder: Path) -> None:
    """Tailwind as a library, and what it makes an application's style sheet from."""
    tailwind = HERE / "node_modules" / "tailwindcss"
    folder.mkdir()
    for file in [tailwind / "dist" / "lib.mjs", *tailwind.glob("dist/chunk-*.mjs")]:
        shutil.copyfile(file, folder / file.name)
    for name in ("theme.css", "utilities.css"):
        shutil.copyfile(tailwind / name, folder / name)
    own = HERE / "src" / "compiler"
    shutil.copyfile(own / "compile.mjs", folder / "compile.mjs")
    # The imports come last: at the start of a <style>, Chromium would try to preload them.
    parts = [HERE / "src" / "styles" / "theme.css", own / "application.css"]
    text = "\n".join(part.read_text(encoding="utf-8") for part in parts)
    (folder / "application.css").write_text(text, encoding="utf-8")


def build(folder: Path) -> list[str]:
    """Fill `folder` with the assets, their licences and `manifest.json`; say what is missing.

    Raises: BuildError, when pages could not be live.
    """
    own, missing, node = own_sources(), list[str](), None
    runtime, from_npm = {"datastar.js": datastar(folder)}, {}
    try:
        node = Node(HERE)
        node.install()
        from_npm = npm_sources(folder, node)
        own = bundled(own, node, classes(from_npm["pages.css"]))
    except BuildError as error:
        missing.append(str(error))
    sources = own | runtime | from_npm
    if missing:
        # Our modules name these scripts; without them their components stay plain.
        sources |= {name: "" for name in NPM_SCRIPTS if name.startswith("franken")}
    for path in HERE.glob("licenses/*"):
        shutil.copyfile(path, folder / f"LICENSE-{path.name}")
    publisher = Publisher(folder, sources, set(own))
    for name in sorted(publisher.sources):
        publisher.publish(name)
    if node is not None:
        node.compress([folder / hashed for hashed in publisher.manifest.values()])
    manifest = json.dumps(publisher.manifest, indent=2, sort_keys=True)
    (folder / "manifest.json").write_text(f"{manifest}\n", encoding="utf-8")
    return missing


def inputs_hash() -> str:
    """One hash over everything that decides the result."""
    patterns = ("*.py", "building/*.*", "src/**/*.*", "licenses/*", "package*.json")
    paths = [path for pattern in patterns for path in sorted(HERE.glob(pattern))]
    total = hashlib.sha256()
    for path in [*paths, *renderer_files()]:
        total.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return total.hexdigest()


def main() -> int:
    """Build when needed; explain on stderr what failed, and give 1.

    Without Datastar older assets are left alone. Without style sheets the
    rest is built, and the next call tries again.
    """
    stamp, wanted = STATIC / "stamp", inputs_hash()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return 0
    fresh = STATIC.with_name("static.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        missing = build(fresh)
    except BuildError as error:
        shutil.rmtree(fresh)
        print(f"Browser assets are missing or old: {error}", file=sys.stderr)
        print("Pages stay without live updates. Get them by: make assets", file=sys.stderr)
        return 1
    if missing:
        print(f"The style sheet is missing: {' '.join(missing)}", file=sys.stderr)
        print("Pages work without it, unstyled. Get it by: make assets", file=sys.stderr)
    else:
        (fresh / "stamp").write_text(wanted, encoding="utf-8")
    shutil.rmtree(STATIC, ignore_errors=True)
    fresh.rename(STATIC)
    print(f"Browser assets built: {', '.join(sorted(_sizes(STATIC)))}")
    return 1 if missing else 0


def _sizes(folder: Path) -> list[str]:
    """Each asset with its size on the wire."""
    names = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    return [f"{n} {(folder / f'{h}.gz').stat().st_size / 1000:.0f} kB" for n, h in names.items()]


if __name__ == "__main__":
    sys.exit(main())
