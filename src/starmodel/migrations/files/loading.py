"""Loads migration files by path, and names the line of an error in them."""

from __future__ import annotations

import ast
import inspect
import json
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from pydantic import ValidationError

from starmodel.migrations.environment import Environment
from starmodel.migrations.errors import MigrationError
from starmodel.migrations.files.folder import migration_paths
from starmodel.migrations.files.order import Migrations, in_order
from starmodel.migrations.migration import Migration, MigrationFile
from starmodel.migrations.schema.definitions import FORMAT, Schema, from_json
from starmodel.migrations.steps.step import Step

ENVIRONMENT = "env.py"
_MODULE = "_starmodel_migration_{}"


class MigrationFileError(MigrationError):
    """A migration file is invalid; the message names the file and, where known, the line."""


def load_migrations(folder: Path) -> Migrations:
    """Load all migrations of a folder, in the order in which they run, and its `env.py`.

    Raises: MigrationFileError; OrderError, for missing and circular predecessors.
    """
    return in_order(map(load_file, migration_paths(folder)), load_environment(folder))


def load_environment(folder: Path) -> Environment:
    """Return what `env.py` of the folder declares; without the file, an empty environment.

    Raises: MigrationFileError.
    """
    path = folder / ENVIRONMENT
    if not path.is_file():
        return Environment()
    _, module = _executed(path)
    found = module.get("environment")
    if not isinstance(found, Environment):
        raise MigrationFileError(
            f"{path}: expected environment = Environment(ignore=…, before=…, after=…), as in "
            "starmodel.migrations. An env.py of Alembic belongs in another folder."
        )
    return found


def load_file(path: Path) -> MigrationFile:
    """Execute a migration file as a module that is not registered in `sys.modules`.

    Raises: MigrationFileError.
    """
    source, module = _executed(path)
    found = module.get("migration")
    if not isinstance(found, Migration):
        kind = "nothing" if found is None else f"a value of type {type(found).__name__}"
        raise MigrationFileError(
            f"{path}: expected migration = Migration(after=…, steps=…, schema=…), found {kind}."
        )
    _check(path, found, source)
    return MigrationFile(
        id=path.stem,
        after=tuple(found.after),
        steps=tuple(found.steps),
        schema=_schema(path, found.schema, source),
        about=found.about or _about(module),
        contract=bool(found.contract),
    )


def _source(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise MigrationFileError(f"{path} is not encoded as UTF-8.") from error
    except OSError as error:
        raise MigrationFileError(f"{path} can't be read: {error.strerror}.") from error


def _executed(path: Path) -> tuple[str, dict[str, Any]]:
    """Return the source of a file and the names that it defines."""
    source = _source(path)
    try:
        tree = ast.parse(source, filename=str(path))
    except SyntaxError as error:
        raise MigrationFileError(f"{_place(path, error.lineno)}: {error.msg}.") from error
    except ValueError as error:
        raise MigrationFileError(f"{path} can't be read as Python source: {error}.") from error
    return source, _run(path, tree)


def _run(path: Path, tree: ast.Module) -> dict[str, Any]:
    module = ModuleType(_MODULE.format(path.stem))
    module.__file__ = str(path)
    code = compile(tree, str(path), "exec", dont_inherit=True)
    sys.modules[module.__name__] = module  # where dataclasses look names up
    try:
        exec(code, module.__dict__)  # noqa: S102 - a migration is the project's own source
    except Exception as error:
        frames = traceback.extract_tb(error.__traceback__)
        line = next((f.lineno for f in reversed(frames) if f.filename == str(path)), None)
        raise MigrationFileError(
            f"{_place(path, line)}: {type(error).__name__}: {error}"
        ) from error
    finally:
        sys.modules.pop(module.__name__, None)
    return module.__dict__


def _check(path: Path, found: Migration, source: str) -> None:
    """Refuse a declaration whose parts have the wrong types."""
    after: Any = found.after
    steps: Any = found.steps
    schema: Any = found.schema
    if isinstance(after, str) or not all(isinstance(each, str) for each in after):
        raise MigrationFileError(
            f"{_place(path, _line_of('after=', source))}: after is {after!r}; expected a list of "
            'ids of migrations, such as ["0001_first"].'
        )
    for step in steps:
        if not isinstance(step, Step):
            raise MigrationFileError(
                f"{_place(path, _line_of('steps=', source))}: {step!r} is no step. Expected steps "
                "such as AddField, or RunData(function) for a function."
            )
    if not isinstance(schema, str):
        raise MigrationFileError(
            f"{_place(path, _line_of('schema=', source))}: schema is a value of type "
            f"{type(schema).__name__}; expected the JSON text that starmodel migrate wrote."
        )


def _schema(path: Path, text: str, source: str) -> Schema:
    first = source[: max(source.find(text), 0)].count("\n") + 1
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise MigrationFileError(
            f"{_place(path, first + error.lineno - 1)}: the schema is no JSON: {error.msg}. "
            "Restore the text that starmodel migrate wrote."
        ) from error
    if isinstance(data, dict) and isinstance(data.get("format"), int) and data["format"] > FORMAT:
        raise MigrationFileError(
            f"{path}: its schema has format {data['format']}, and this version of StarModel reads "
            f"up to {FORMAT}. Install the version that wrote it."
        )
    try:
        return from_json(data)
    except (ValidationError, TypeError, ValueError) as error:
        raise MigrationFileError(
            f"{_place(path, first)}: the schema is invalid: {_reason(error)}. Restore the text "
            "that starmodel migrate wrote."
        ) from error


def _reason(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return str(error)
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{'.'.join(map(str, first['loc']))}: {first['msg']}"


def _about(module: Mapping[str, Any]) -> str:
    lines = inspect.cleandoc(module.get("__doc__") or "").splitlines()
    return lines[0].strip() if lines else ""


def _line_of(text: str, source: str) -> int | None:
    position = source.find(text)
    return None if position < 0 else source[:position].count("\n") + 1


def _place(path: Path, line: int | None) -> str:
    return str(path) if line is None else f"{path}, line {line}"
