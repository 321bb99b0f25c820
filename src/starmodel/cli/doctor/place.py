"""The machine and the folder: assets, files, the port, plugins."""

from __future__ import annotations

import logging
import os
import socket
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from starmodel.adapters.web.assets import asset_urls
from starmodel.adapters.web.head import APPLICATION_CSS
from starmodel.cli.doctor.finding import Finding
from starmodel.cli.plugins.discovery import (
    COMMAND_GROUPS,
    PluginError,
    hidden_by,
    load_command,
    offers,
)
from starmodel.config import Settings
from starmodel.core.errors import ConfigurationError

HOST, PORT = "127.0.0.1", 8000
SECRETS = ("secret_key", "secret_key_fallbacks", "database_url", "redis_url")


def assets(settings: Settings | None) -> Iterator[Finding]:
    """Whether pages have their style sheet and scripts."""
    log = logging.getLogger("starmodel.web")
    before, log.disabled = log.disabled, True  # what it would log is told here
    try:
        urls = asset_urls()
    except ConfigurationError as error:
        yield Finding("problem", "assets", *_halves(str(error)))
        return
    finally:
        log.disabled = before
    if "starmodel.css" in urls:
        yield Finding("ok", "assets", "The style sheet and the scripts are built.")
    else:
        yield Finding(
            "warning", "assets", "The style sheet is missing, so pages come without style.",
            "Install Node 20 or newer and run `make assets` in a checkout, or reinstall starmodel.",
        )  # fmt: skip
    production = settings is not None and settings.env == "production"
    if production and not Path(APPLICATION_CSS).is_file():
        yield Finding(
            "note", "assets", f"{APPLICATION_CSS} is missing: Tailwind classes that only your own "
            "pages use have no style in production.", "Run: starmodel css build",
        )  # fmt: skip


def files(settings: Settings | None) -> Iterator[Finding]:
    """What can be written here, and who may read what is secret."""
    if not os.access(".", os.W_OK):
        yield Finding(
            "warning", "folder", f"{Path.cwd()} can't be written, where the development key and "
            "a SQLite file would be.", "Make it writable, or set STARMODEL_SECRET_KEY and "
            "DATABASE_URL to places elsewhere.",
        )  # fmt: skip
    yield from _open_to_others(Path(".starmodel/secret_key"))
    for origin, file in (
        (" in .env", Path(".env")),
        (" of starmodel.toml", Path("starmodel.toml")),
    ):
        kept = [] if settings is None else [
            name for name in SECRETS if settings.origins[name].endswith(origin)
        ]  # fmt: skip
        if not kept:
            continue
        yield from _open_to_others(file)
        if file.suffix == ".toml" and set(kept) & {"secret_key", "secret_key_fallbacks"}:
            yield Finding(
                "warning", "secret_key", "It stands in starmodel.toml, which is usually committed.",
                "Put it into the environment as STARMODEL_SECRET_KEY, and change it if the file "
                "was shared.",
            )  # fmt: skip


def port() -> Finding:
    """Whether the port that `starmodel run` takes by itself is free."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, PORT))
        except OSError as error:
            return Finding(
                "note", "port", f"{HOST}:{PORT} can't be used now: {error.strerror}.",
                f"If it is not this application that runs there: starmodel run --port {PORT + 1}",
            )  # fmt: skip
    return Finding("ok", "port", f"{HOST}:{PORT} is free.")


def plugins(built_in: Iterable[str]) -> Iterator[Finding]:
    """Commands of plugins that can't be used."""
    names = set(built_in)
    for point in offers():
        if point.group not in COMMAND_GROUPS:
            continue
        hidden = hidden_by(point, names)
        if hidden:
            yield Finding("warning", "plugins", hidden, "Ask its authors for another name.")
            continue
        try:
            load_command(point)
        except PluginError as error:
            yield Finding("warning", "plugins", str(error), "Update it, or uninstall it.")


def _open_to_others(file: Path) -> Iterator[Finding]:
    if os.name == "posix" and file.is_file():
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            yield Finding(
                "warning", "permissions", f"{file} holds secrets, and other users of this machine "
                f"may read or write it (mode {mode:03o}).", f"Run: chmod 600 {file}",
            )  # fmt: skip


def _halves(text: str) -> tuple[str, str]:
    """A sentence and its remedy."""
    told, _, remedy = text.partition(". ")
    return f"{told}.", remedy
