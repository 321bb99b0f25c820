"""The browser modules that the installed package brings along."""

from __future__ import annotations

import functools
import json
from importlib import resources
from typing import Any

from starmodel.core.errors import ConfigurationError

PREFIX = "/_starmodel/assets/"
TYPES = {"js": b"text/javascript; charset=utf-8", "css": b"text/css; charset=utf-8"}


@functools.cache
def asset_urls() -> dict[str, str]:
    """The address of each asset below the mount point, and "build": a name for this very set.

    Raises: ConfigurationError, when the package was installed without them.
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
    build = "-".join(sorted(name.rpartition("-")[2].split(".")[0] for name in manifest.values()))
    return urls | {"build": build}


@functools.cache
def _asset(name: str, gzipped: bool) -> bytes | None:
    if "/" in name or name.startswith("."):
        return None
    file = resources.files("starmodel") / "static" / (f"{name}.gz" if gzipped else name)
    return file.read_bytes() if file.is_file() else None


async def serve_asset(name: str, gzip: bool, send: Any) -> bool:
    """Send the asset with a year's cache; False when there is none of that name."""
    kind = TYPES.get(name.rpartition(".")[2])
    data = _asset(name, gzip) if kind is not None else None
    if data is None or kind is None:
        return False
    headers = [
        (b"content-type", kind),
        (b"content-length", str(len(data)).encode()),
        (b"cache-control", b"public, max-age=31536000, immutable"),
        (b"x-content-type-options", b"nosniff"),
        (b"vary", b"accept-encoding"),
    ]
    if gzip:
        headers.append((b"content-encoding", b"gzip"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})
    return True
