"""Checks of the environment: assets, file permissions and the port."""

from __future__ import annotations

import logging
import os
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

from starmodel.adapters.web.pages.assets import asset_urls
from starmodel.adapters.web.pages.head import APPLICATION_CSS
from starmodel.cli.doctor.finding import Finding
from starmodel.config import Settings
from starmodel.core.errors import ConfigurationError

HOST, PORT = "127.0.0.1", 8000
SECRETS = ("secret_key", "secret_key_fallbacks", "database_url", "redis_url")


def check_assets(settings: Settings | None) -> Iterator[Finding]:
    """Check that the style sheet and scripts of rendered pages are built."""
    log = logging.getLogger("starmodel.web")
    before, log.disabled = log.disabled, True  # the finding replaces the log record
    try:
        urls = asset_urls()
    except ConfigurationError as error:
        yield Finding("problem", "assets", *_sentence_and_remedy(str(error)))
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


def check_files(settings: Settings | None) -> Iterator[Finding]:
    """Check that the folder is writable, and the permissions of files with secret keys."""
    if not os.access(".", os.W_OK):
        yield Finding(
            "warning", "folder", f"{Path.cwd()} can't be written, where the development key and "
            "a SQLite file would be.", "Make it writable, or set STARMODEL_SECRET_KEY and "
            "DATABASE_URL to places elsewhere.",
        )  # fmt: skip
    yield from _check_permissions(Path(".starmodel/secret_key"))
    for origin, file in (
        (" in .env", Path(".env")),
        (" of starmodel.toml", Path("starmodel.toml")),
    ):
        secrets = [] if settings is None else [
            name for name in SECRETS if settings.origins[name].endswith(origin)
        ]  # fmt: skip
        if not secrets:
            continue
        yield from _check_permissions(file)
        if file.suffix == ".toml" and set(secrets) & {"secret_key", "secret_key_fallbacks"}:
            yield Finding(
                "warning", "secret_key", "It is in starmodel.toml, which is usually committed.",
                "Put it into the environment as STARMODEL_SECRET_KEY, and change it if the file "
                "was shared.",
            )  # fmt: skip


def check_port() -> Finding:
    """Check that the default port of `starmodel run` can be bound."""
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


def _check_permissions(file: Path) -> Iterator[Finding]:
    if os.name == "posix" and file.is_file():
        mode = stat.S_IMODE(file.stat().st_mode)
        if mode & 0o077:
            yield Finding(
                "warning", "permissions", f"{file} holds secrets, and other users of this machine "
                f"may read or write it (mode {mode:03o}).", f"Run: chmod 600 {file}",
            )  # fmt: skip


def _sentence_and_remedy(text: str) -> tuple[str, str]:
    sentence, _, remedy = text.partition(". ")
    return f"{sentence}.", remedy
