"""The keys that sign cookies and page tokens."""

from __future__ import annotations

import os
import secrets
import tempfile
from pathlib import Path

from starmodel.config.settings import MIN_SECRET_CHARS, Settings
from starmodel.core.errors import ConfigurationError


def secret_keys(settings: Settings) -> list[str]:
    """The keys that verify signatures, newest first; only the first key signs.

    In development without a `secret_key`, a key is generated once and stored
    in `.starmodel/secret_key` of the current folder, so that sessions and page
    tokens survive a restart.

    Raises: ConfigurationError, when the key file can't be written or read.
    """
    newest = settings.secret_key
    first = newest.get_secret_value() if newest else _development_key(Path(".starmodel"))
    return [first, *(key.get_secret_value() for key in settings.secret_key_fallbacks)]


def _development_key(folder: Path) -> str:
    path = folder / "secret_key"
    try:
        if not path.exists():
            _create(path)
        key = path.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(
            f"The development key {path} cannot be written or read: {error}. "
            "Make the folder writable or set STARMODEL_SECRET_KEY."
        ) from error
    if len(key) < MIN_SECRET_CHARS:
        raise ConfigurationError(
            f"The development key {path} is damaged. Delete the file to get a new key; "
            "browsers then have to sign in again."
        )
    return key


def _create(path: Path) -> None:
    """Write a new key atomically; the key of a concurrent process wins."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    (path.parent / ".gitignore").write_text("*\n", encoding="ascii")
    # mkstemp creates the file with mode 0600.
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix="secret_key.")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(secrets.token_urlsafe(MIN_SECRET_CHARS))
        try:
            os.link(temporary, path)  # atomic, and fails when the file exists
        except FileExistsError:
            pass
        except OSError:  # a file system without hard links
            os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)
