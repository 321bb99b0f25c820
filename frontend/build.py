"""Build the browser assets into `src/starmodel/static`.

Datastar comes out of a PyPI wheel that is pinned by its hash; nothing
third-party is committed. Needs Python, pip and, on the first build, the
package index. A stamp skips a build whose inputs did not change.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
STATIC = HERE.parent / "src" / "starmodel" / "static"

PROJECT, VERSION = "starhtml", "0.7.0"
SHA256 = "3515ac3a21f1be7ce3e724b45440ed2be20d3afcdb60f92f6ebbfaec883d3ea2"
DATASTAR = "starhtml/static/js/datastar-core.js"
# StarHTML patched Datastar, so the licences of both travel with it.
LICENSES = {
    "LICENSE-starhtml.txt": f"{PROJECT}-{VERSION}.dist-info/licenses/LICENSE",
    "NOTICE-starhtml.txt": f"{PROJECT}-{VERSION}.dist-info/licenses/NOTICE",
}

IMPORT = re.compile(r"""((?:\bfrom|\bimport)\s*\(?\s*)(["'])(datastar|\./[\w./-]+\.js)\2""")
SOURCE_MAP = re.compile(r"^//# sourceMappingURL=.*\n?", re.MULTILINE)


class BuildError(Exception):
    """The assets cannot be built; the text says why and what to do."""


def download(folder: Path) -> Path:
    """Fetch the pinned wheel into `folder`; it is neither installed nor run."""
    requirement = folder / "requirements.txt"
    requirement.write_text(f"{PROJECT}=={VERSION} --hash=sha256:{SHA256}\n", encoding="utf-8")
    # The wheel asks for a newer Python than we do; only one file of it is used.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--disable-pip-version-check", "--python-version", "3.13"]
    command += ["--only-binary=:all:", "--require-hashes"]
    command += ["--dest", str(folder), "--requirement", str(requirement)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    wheels = sorted(folder.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise BuildError(f"{PROJECT} {VERSION} could not be downloaded: {reason}")
    return wheels[0]


class Publisher:
    """Writes files under names that carry their content's hash."""

    def __init__(self, folder: Path, sources: dict[str, str]) -> None:
        self.folder = folder
        self.sources = sources
        self.manifest: dict[str, str] = {}
        self._open: list[str] = []

    def publish(self, name: str) -> str:
        """Write `name` after all that it imports, with a gzip beside it; give its hashed name."""
        if name in self.manifest:
            return self.manifest[name]
        if name in self._open:
            raise BuildError(f"Modules import each other: {' -> '.join([*self._open, name])}.")
        if name not in self.sources:
            raise BuildError(
                f"{self._open[-1]} imports {name!r}, which frontend/src does not have."
            )
        self._open.append(name)
        content = IMPORT.sub(self._hashed_import, self.sources[name]).encode()
        self._open.pop()
        stem, suffix = name.rsplit(".", 1)
        hashed = f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}.{suffix}"
        (self.folder / hashed).write_bytes(content)
        (self.folder / f"{hashed}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        self.manifest[name] = hashed
        return hashed

    def _hashed_import(self, found: re.Match[str]) -> str:
        before, quote, target = found.groups()
        name = "datastar.js" if target == "datastar" else target.removeprefix("./")
        # One address for each module: a second copy of Datastar would freeze the page.
        return f"{before}{quote}./{self.publish(name)}{quote}"


def build(folder: Path) -> None:
    """Fill `folder` with the assets, their licences and `manifest.json`."""
    own = {path.name: path.read_text(encoding="utf-8") for path in HERE.glob("src/*.js")}
    with (
        tempfile.TemporaryDirectory() as temporary,
        zipfile.ZipFile(download(Path(temporary))) as wheel,
    ):
        datastar = SOURCE_MAP.sub("", wheel.read(DATASTAR).decode())
        for name, member in LICENSES.items():
            (folder / name).write_bytes(wheel.read(member))
    shutil.copyfile(HERE / "licenses" / "datastar.txt", folder / "LICENSE-datastar.txt")
    publisher = Publisher(folder, own | {"datastar.js": datastar})
    for name in sorted(publisher.sources):
        publisher.publish(name)
    manifest = json.dumps(publisher.manifest, indent=2, sort_keys=True)
    (folder / "manifest.json").write_text(f"{manifest}\n", encoding="utf-8")


def inputs_hash() -> str:
    """One hash over everything that decides the result."""
    total = hashlib.sha256()
    for path in [Path(__file__), *sorted(HERE.glob("src/*.js")), *sorted(HERE.glob("licenses/*"))]:
        total.update(f"{path.name}\0{path.stat().st_size}\0".encode() + path.read_bytes())
    return total.hexdigest()


def main() -> int:
    """Build when needed; on failure explain on stderr, leave older assets alone and give 1."""
    stamp, wanted = STATIC / "stamp", inputs_hash()
    if stamp.exists() and stamp.read_text(encoding="utf-8") == wanted:
        return 0
    fresh = STATIC.with_name("static.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    try:
        build(fresh)
    except BuildError as error:
        shutil.rmtree(fresh)
        print(f"Browser assets are missing or old: {error}", file=sys.stderr)
        print("Pages stay without live updates. Get them by: make assets", file=sys.stderr)
        return 1
    (fresh / "stamp").write_text(wanted, encoding="utf-8")
    shutil.rmtree(STATIC, ignore_errors=True)
    fresh.rename(STATIC)
    print(f"Browser assets built: {', '.join(sorted(p.name for p in STATIC.glob('*.js')))}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
