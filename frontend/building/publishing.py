"""Files under names that carry their content's hash."""

from __future__ import annotations

import gzip
import hashlib
import posixpath
import re
from pathlib import Path

from building.errors import BuildError

IMPORT = re.compile(
    r"""((?:\bfrom|\bimport)\s*\(?\s*)(["'])(datastar|franken-\w+|\.{1,2}/[\w./-]+\.js)\2"""
)


class Publisher:
    """Writes assets, each with a gzip beside it.

    Shapes: sources maps a name, a path below the folder of sources, to the file's text;
    own names those whose imports are rewritten.
    """

    def __init__(self, folder: Path, sources: dict[str, str], own: set[str] | None = None) -> None:
        self.folder = folder
        self.sources = sources
        self.manifest: dict[str, str] = {}
        self._own = set(sources) if own is None else own
        self._open: list[str] = []

    def publish(self, name: str) -> str:
        """Write `name` after all that it imports; give its hashed name."""
        if name in self.manifest:
            return self.manifest[name]
        if name in self._open:
            raise BuildError(f"Modules import each other: {' -> '.join([*self._open, name])}.")
        if name not in self.sources:
            raise BuildError(
                f"{self._open[-1]} imports {name!r}, which frontend/src does not have."
            )
        self._open.append(name)
        text = self.sources[name]
        content = (IMPORT.sub(self._hashed_import, text) if name in self._own else text).encode()
        self._open.pop()
        stem, suffix = name.replace("/", "-").replace("_", "-").rsplit(".", 1)
        hashed = f"{stem}-{hashlib.sha256(content).hexdigest()[:8]}.{suffix}"
        (self.folder / hashed).write_bytes(content)
        (self.folder / f"{hashed}.gz").write_bytes(gzip.compress(content, 9, mtime=0))
        self.manifest[name] = hashed
        return hashed

    def _hashed_import(self, found: re.Match[str]) -> str:
        before, quote, target = found.groups()
        folder = posixpath.dirname(self._open[-1])
        is_path = target.startswith(".")
        name = posixpath.normpath(posixpath.join(folder, target)) if is_path else f"{target}.js"
        # One address for each module: a second copy of Datastar would freeze the page.
        return f"{before}{quote}./{self.publish(name)}{quote}"
