"""Writes a new folder atomically."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from starmodel.cli.terminal.errors import CommandError

PRIVATE = 0o600
# Files with secret values, readable by their owner only.
SECRET = frozenset({".env"})


def write_folder(folder: Path, files: Mapping[str, str]) -> None:
    """Create `folder` with these files; a failure leaves no files behind.

    The files are written to a temporary folder, which is then renamed.

    Raises: CommandError, when the folder is not empty or can't be written.
    """
    try:
        existed = _is_empty(folder)
        staging = Path(
            tempfile.mkdtemp(prefix=".starmodel-", dir=folder if existed else folder.parent)
        )
    except OSError as error:
        raise _unwritable(folder, error) from error
    moved: list[Path] = []
    try:
        for name, text in files.items():
            _write(staging / name, text)
        if existed:
            for part in list(staging.iterdir()):
                moved.append(part.rename(folder / part.name))
            staging.rmdir()
        else:
            staging.chmod(_default_mode(staging))
            staging.rename(folder)
    except BaseException as error:  # KeyboardInterrupt cleans up too
        for part in moved:
            shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
        shutil.rmtree(staging, ignore_errors=True)
        if isinstance(error, OSError):
            raise _unwritable(folder, error) from error
        raise


def _is_empty(folder: Path) -> bool:
    """True for an empty folder, False for a missing one. Raises: CommandError, for others."""
    if not folder.exists():
        if folder.is_symlink():
            raise CommandError(f"{folder} is a link to nothing. Remove it or choose another name.")
        return False
    if not folder.is_dir():
        raise CommandError(f"{folder} is a file. Choose another name.")
    found = sorted(item.name for item in folder.iterdir())
    if found:
        more = ", …" if len(found) > 3 else ""
        raise CommandError(
            f"The folder {folder} is not empty ({', '.join(found[:3])}{more}), and nothing is "
            "overwritten. Choose another name, or empty it first."
        )
    return True


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch(PRIVATE if file.name in SECRET else 0o666)
    file.write_text(text, encoding="utf-8", newline="\n")


def _default_mode(folder: Path) -> int:
    """The default mode of new folders; that of temporary folders is private."""
    probe = folder / ".mode"
    probe.mkdir()
    mode = probe.stat().st_mode & 0o777
    probe.rmdir()
    return mode


def _unwritable(folder: Path, error: OSError) -> CommandError:
    return CommandError(
        f"{folder} can't be written: {error.strerror or error}. Choose a folder that you may write."
    )
