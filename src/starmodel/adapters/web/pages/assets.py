"""The static assets of the installed package: style sheet, JavaScript modules and icons.

Unlike Starlette's `StaticFiles`, it sends compressed variants and `Cache-Control`, responds to
pages of another build, and serves no file that pages don't load
(tests/integration/compat/test_starlette_static_files.py).
"""

from __future__ import annotations

import functools
import hashlib
import json
import logging
import re
from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import NamedTuple

from starmodel.core.errors import ConfigurationError

log = logging.getLogger("starmodel.web")
PREFIX = "/_starmodel/assets/"
_HASHED = re.compile(r"([a-z]+(?:-[a-z]+)*)-[0-9a-f]{8}\.(js|css|svg)")
_CLASS = re.compile(r"\.([A-Za-z][\w-]*)")
TYPES = {
    "js": b"text/javascript; charset=utf-8",
    "css": b"text/css; charset=utf-8",
    "svg": b"image/svg+xml",
}
_SUFFIXES = {"br": ".br", "gzip": ".gz", "": ""}
FOREVER = b"public, max-age=31536000, immutable"


class StaticFile(NamedTuple):
    """A file to serve. Shapes: kind is its media type; headers are those beside it."""

    kind: bytes
    body: bytes
    headers: list[tuple[bytes, bytes]]

    @classmethod
    def of(cls, kind: bytes, body: bytes, cache: bytes, *, coding: str = "") -> StaticFile:
        """A file with its Cache-Control. Shapes: coding is that of a compressed body."""
        headers = [
            (b"cache-control", cache),
            (b"x-content-type-options", b"nosniff"),
            (b"vary", b"accept-encoding"),
        ]
        if coding:
            headers.append((b"content-encoding", coding.encode()))
        return cls(kind, body, headers)


@functools.cache
def asset_urls() -> dict[str, str]:
    """The URL of each asset below the mount path, and under "build" a hash of the whole set.

    A missing style sheet is logged once; pages then render unstyled.

    Raises: ConfigurationError, when the installed package lacks the assets.
    """
    folder = resources.files("starmodel") / "static"
    try:
        manifest = json.loads((folder / "manifest.json").read_text())
    except FileNotFoundError:
        raise ConfigurationError(
            "The browser modules are missing from this installation. Run `make assets` in a "
            "checkout, or reinstall starmodel with access to the package registry."
        ) from None
    urls = {name: PREFIX + hashed for name, hashed in manifest.items()}
    if "starmodel.css" not in urls:
        log.warning(
            "The style sheet is missing from this installation, so pages come without style. "
            "Install Node 20 or newer and run `make assets` in a checkout, or reinstall starmodel "
            "with access to the package registries."
        )
    build = hashlib.sha256("".join(sorted(manifest.values())).encode()).hexdigest()[:16]
    return urls | {"build": build}


@functools.cache
def generated_classes() -> frozenset[str]:
    """The classes that the style sheet of generated pages has rules for."""
    name = asset_urls().get("pages.css", "").removeprefix(PREFIX)
    text = _content(name).decode() if name else ""
    return frozenset(_CLASS.findall(text))


@functools.cache
def compiler_folder() -> Path:
    """The folder with the source parts of Tailwind's compiler, which are never served."""
    return Path(str(resources.files("starmodel") / "static" / "compiler"))


def _asset(name: str, codings: Sequence[str]) -> tuple[bytes, str] | None:
    """The content of a public asset, and its coding; a requested name is never used as a path."""
    for coding in (*codings, ""):
        stored = name + _SUFFIXES[coding]
        if stored in _names():
            return _content(stored), coding
    return None


@functools.lru_cache(maxsize=96)
def _content(name: str) -> bytes:
    return (resources.files("starmodel") / "static" / name).read_bytes()


@functools.cache
def _names() -> frozenset[str]:
    """The names of all public assets."""
    folder = resources.files("starmodel") / "static"
    return frozenset(
        file.name for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")
    )


def _current(name: str) -> str:
    """The hashed name in this build of an asset from another build; "" without one.

    In a rolling deployment, one build may receive requests from pages of another.
    """
    found = _HASHED.fullmatch(name)
    url = asset_urls().get(f"{found[1]}.{found[2]}", "") if found else ""
    return url.removeprefix(PREFIX)


def find_asset(name: str, codings: Sequence[str] = ()) -> StaticFile | None:
    """The asset, cacheable for a year when its hash is current; None for an unknown name.

    Shapes: codings are the acceptable ones of "br" and "gzip", the preferred first.
    """
    kind = TYPES.get(name.rpartition(".")[2])
    if kind is None:
        return None
    found, cache = _asset(name, codings), FOREVER
    if found is None:
        found, cache = _asset(_current(name), codings), b"no-store"
    if found is None:
        return None
    data, coding = found
    return StaticFile.of(kind, data, cache, coding=coding)
