"""Style sheets, scripts and images of plugins, served with a hash of their content."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from html import escape
from pathlib import Path

from starmodel.adapters.web.pages.assets import FOREVER, PREFIX, TYPES, StaticFile
from starmodel.core.errors import ConfigurationError

MAX_BYTES = 5_000_000
_TYPES = {**TYPES, "png": b"image/png", "webp": b"image/webp", "woff2": b"font/woff2"}
_COMPRESSED = frozenset({"js", "css", "svg"})
_STEM = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class _Served:
    kind: bytes
    content: bytes
    compressed: bytes | None


class PluginAssets:
    """The assets of all plugins of an application, read once, when it is created."""

    def __init__(self) -> None:
        self._served: dict[str, _Served] = {}
        self._head: list[tuple[str, str]] = []

    def add(self, plugin: str, path: Path, *, in_head: bool) -> str:
        """Serve a file, and load it in the head of generated pages if `in_head`.

        Returns its URL below the mount point.
        Raises: ConfigurationError, for a missing or large file, or an unknown type.
        """
        suffix = path.suffix.removeprefix(".")
        if suffix not in _TYPES or not _STEM.fullmatch(path.stem):
            raise ConfigurationError(
                f"The asset {path.name!r} can't be served; expected a name of lower-case letters, "
                f"digits, '-' and '_' that ends in one of {', '.join(sorted(_TYPES))}."
            )
        if not path.is_file():  # a device or a pipe could be read for ever
            raise ConfigurationError(f"The asset {path} is no file.")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ConfigurationError(f"The asset {path} can't be read: {error}.") from error
        if len(content) > MAX_BYTES:
            raise ConfigurationError(
                f"The asset {path.name!r} has {len(content)} bytes; expected at most {MAX_BYTES}."
            )
        digest = hashlib.sha256(content).hexdigest()[:8]
        name = f"{plugin}/{path.stem}-{digest}.{suffix}"
        compressed = gzip.compress(content, mtime=0) if suffix in _COMPRESSED else None
        self._served[name] = _Served(_TYPES[suffix], content, compressed)
        if in_head:
            self._head.append((suffix, f"{PREFIX}{name}"))
        return f"{PREFIX}{name}"

    def head(self, root_path: str) -> str:
        """The tags that load style sheets and scripts."""
        tags = {
            "css": '<link rel="stylesheet" href="{}">',
            "js": '<script type="module" src="{}"></script>',
        }
        return "".join(
            tags[kind].format(escape(f"{root_path}{url}"))
            for kind, url in self._head
            if kind in tags
        )

    def find(self, name: str, gzip: bool) -> StaticFile | None:
        """An asset, cacheable for a year; None for an unknown name."""
        asset = self._served.get(name)
        if asset is None:
            return None
        if gzip and asset.compressed:
            return StaticFile.of(asset.kind, asset.compressed, FOREVER, coding="gzip")
        return StaticFile.of(asset.kind, asset.content, FOREVER)
