"""Edits lists of plugin names in `starmodel.toml`; every other byte is preserved."""

from __future__ import annotations

import os
import shutil
import tempfile
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AbstractTable, Table

from starmodel.cli.terminal.errors import CommandError

FILE = Path("starmodel.toml")
TABLE = "starmodel"
_BOM = "\ufeff"


def edit_names(name: str, *, add_to: Iterable[str] = (), remove_from: Iterable[str] = ()) -> bool:
    """Add a name to lists of the table `[starmodel]` and remove it from others.

    A missing file is created, and replaced atomically otherwise. Returns whether it has changed.

    Raises: CommandError, when the file can't be read, edited or written.
    """
    before = _read()
    text = before.removeprefix(_BOM)
    try:
        document: Any = tomlkit.parse(text)
        expected = tomllib.loads(text)
        for setting in add_to:
            _add(document, setting, name)
            names = expected.setdefault(TABLE, {}).get(setting, [])
            expected[TABLE][setting] = _with(names, name)
        for setting in remove_from:
            _remove(document, setting, name)
            if setting in expected.get(TABLE, {}):
                expected[TABLE][setting] = _without(expected[TABLE][setting], name)
        edited = tomlkit.dumps(document)
    except (TOMLKitError, tomllib.TOMLDecodeError) as error:
        raise CommandError(f"{FILE} cannot be read: {error}. Correct it and run again.") from error
    if edited == text:
        return False
    try:
        is_right = tomllib.loads(edited) == expected
    except tomllib.TOMLDecodeError:
        is_right = False
    if not is_right:  # a layout that the editing library can't preserve
        raise CommandError(
            f"{FILE} can't be edited without changing more of it. In [{TABLE}], edit by hand: "
            f"{', '.join([*add_to, *remove_from])}."
        )
    _write(before[: len(before) - len(text)] + edited)
    return True


def _add(document: Any, setting: str, name: str) -> None:
    if TABLE not in document:
        document[TABLE] = tomlkit.table()
    table = document[TABLE]
    names = table.get(setting)
    if names is None:
        _insert(table, setting, name)
    elif isinstance(names, str):
        table[setting] = _with(names, name)
    elif name not in names:
        names.append(name)


def _remove(document: Any, setting: str, name: str) -> None:
    table = document.get(TABLE, {})
    names = table.get(setting)
    if isinstance(names, str):
        if name in _split(names):
            table[setting] = _without(names, name)
    else:
        while names and name in names:
            names.remove(name)


def _insert(table: Any, setting: str, name: str) -> None:
    """Add a list after the last value of the table, before comments on the next table."""
    if not isinstance(table, Table) or table.is_super_table():
        table[setting] = [name]
        return
    values = [item for _, item in table.value.body if not isinstance(item, AbstractTable)]
    values = [item for item in values if item.as_string().strip() and not _is_comment(item)]
    trivia = (values[-1] if values else table).trivia
    end = "\r\n" if trivia.trail.endswith("\r\n") else "\n"
    trivia.trail = f'{trivia.trail or end}{setting} = ["{name}"]{end}'


def _is_comment(item: Any) -> bool:
    return isinstance(item, tomlkit.items.Comment)


def _with(names: Any, name: str) -> Any:
    """The list, or text with commas, with the name at its end."""
    if isinstance(names, str):
        return ", ".join(dict.fromkeys([*_split(names), name]))
    return names if name in names else [*names, name]


def _without(names: Any, name: str) -> Any:
    if isinstance(names, str):
        return ", ".join(item for item in _split(names) if item != name)
    return [item for item in names if item != name]


def _split(names: str) -> list[str]:
    return [item.strip() for item in names.split(",") if item.strip()]


def _read() -> str:
    """The text with its line ends; "" without the file."""
    try:
        return FILE.read_bytes().decode("utf-8") if FILE.exists() else ""
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{FILE} cannot be read: {error}.") from error


def _write(text: str) -> None:
    file = FILE.resolve()  # the target of a link
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{FILE.name}-", dir=file.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(text.encode("utf-8"))
        if file.exists():
            shutil.copymode(file, temporary)
        else:
            Path(temporary).chmod(0o666 & ~_umask())
        Path(temporary).replace(file)
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise CommandError(f"{FILE} cannot be written: {error.strerror or error}.") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
