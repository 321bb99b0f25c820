"""Find the application that a command means, without running any of its code, and import it.

The reloading server imports the application in a child process only. So
names are looked up in the source text, and a mistake is told before a
server starts.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from starmodel.cli.terminal.problems import CommandError

_NAME = re.compile(r"^(?:async +def|def|class) +(\w+)|^(\w+) *(?::[^=\n]*)?=", re.MULTILINE)
CONVENTIONS = ("app.main:create_app", "app.main:app", "main:app")


class Target(NamedTuple):
    """What a server needs to import an application.

    Shapes: folder goes on sys.path; file is set where no import statement
    could name the module, as with app.v2.py.
    """

    folder: Path
    module: str
    attribute: str
    file: Path | None = None

    @property
    def import_string(self) -> str:
        return f"{self.file or self.module}:{self.attribute}"


def import_target(module: str) -> ModuleType:
    """The module of a target's import string, imported once under its name.

    Raises: whatever the module's own code raises.
    """
    if not module.endswith(".py"):
        return importlib.import_module(module)
    file = Path(module)
    _, parts = _place_of(file)
    *packages, stem = parts
    name = ".".join([*packages, stem.replace(".", "_")])
    while (known := sys.modules.get(name)) is not None:
        if getattr(known, "__file__", None) == str(file):
            return known
        name += "_"
    if packages:
        importlib.import_module(".".join(packages))  # for relative imports
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} can't be imported.")
    made = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(made)
    except BaseException:
        del sys.modules[name]
        raise
    return made


def _place_of(source: Path) -> tuple[Path, list[str]]:
    """The folder for sys.path, and the packages and the stem of a file."""
    folder, parts = source.parent, [source.stem]
    while (folder / "__init__.py").is_file():  # a file of a package is imported through it
        folder, parts = folder.parent, [folder.name, *parts]
    return folder, parts


def find_target(app: str | None, here: Path, *, waits: bool = False) -> Target:
    """The application named by `app`, or the first one that follows a convention in `here`.

    `app` is `hello.py`, `hello.py:attribute` or `package.module:attribute`.

    Shapes: waits is True for a server that shows a syntax error and waits
    for its correction; names are then looked up line by line.
    Raises: CommandError, when there is no such file, module or attribute.
    """
    if app is None:
        return _find_by_convention(here, waits)
    place, colon, attribute = app.partition(":")
    if place.endswith(".py"):
        return _in_file(here / place, attribute, waits)
    if not colon and (here / f"{place}.py").is_file():
        raise CommandError(f"{app!r} is no application. Did you mean {place}.py?")
    if not (colon and place and attribute):
        raise CommandError(f"{app!r} is no application. Give a file.py or a module:attribute.")
    source = _find_module(place, here)
    if source is None:
        raise CommandError(
            f"No module {place!r} with Python source in {here} or installed. Check the name."
        )
    return _target(source, here, place, attribute, waits)


def _find_by_convention(here: Path, waits: bool) -> Target:
    for convention in CONVENTIONS:
        module, _, attribute = convention.partition(":")
        source = here.joinpath(*module.split(".")).with_suffix(".py")
        if source.is_file() and attribute in _defined_names(source, waits):
            return _target(source, here, module, attribute, waits)
    raise CommandError(
        f"No application found in {here}: looked for {', '.join(CONVENTIONS)}. "
        "Name one, as in: starmodel run hello.py (with other commands: --app hello.py)"
    )


def _in_file(path: Path, attribute: str, waits: bool) -> Target:
    source = path.resolve()
    if not source.is_file():
        raise CommandError(f"No file {path}. Check the path and the current folder.")
    folder, parts = _place_of(source)
    if attribute:
        return _target(source, folder, ".".join(parts), attribute, waits)
    names = _defined_names(source, waits)
    for convention in ("app", "create_app"):
        if convention in names:
            return _target(source, folder, ".".join(parts), convention, waits)
    raise CommandError(
        f"{path.name} defines neither app nor create_app. Add app = create_app(), "
        f"or name the attribute: {path.name}:attribute"
    )


def _target(source: Path, folder: Path, module: str, attribute: str, waits: bool) -> Target:
    names = _defined_names(source, waits)
    if attribute not in names and "*" not in names:
        raise CommandError(f"{source.name} has no attribute {attribute!r}. Check its name.")
    if "." in source.stem:
        return Target(folder, module, attribute, source)
    _refuse_shadowed(source, folder, module.partition(".")[0])
    return Target(folder, module, attribute)


def _refuse_shadowed(source: Path, folder: Path, top: str) -> None:
    """A module that is already imported under the same name would be served instead."""
    spec = getattr(sys.modules.get(top), "__spec__", None)
    if spec is None or not spec.origin or not source.is_relative_to(folder):
        return
    if Path(spec.origin) not in (folder / f"{top}.py", folder / top / "__init__.py"):
        raise CommandError(f"{top!r} is also the name of a library. Rename {source.name}.")


def _find_module(module: str, here: Path) -> Path | None:
    """Where the source of `module` is; imports nothing but the packages around it."""
    local = here.joinpath(*module.split("."))
    for source in (local.with_suffix(".py"), local / "__init__.py"):
        if source.is_file():
            return source
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.has_location or not str(spec.origin).endswith(".py"):
        return None
    return Path(str(spec.origin))


def _defined_names(source: Path, waits: bool) -> set[str]:
    """Names at the top level of a module; `*` among them after a star import."""
    try:
        text = source.read_bytes()
        tree = ast.parse(text, filename=str(source))
    except SyntaxError as error:
        if waits and b"\0" not in text:
            return {found[1] or found[2] for found in _NAME.finditer(text.decode(errors="replace"))}
        raise CommandError(
            f"{source.name}, line {error.lineno}: {error.msg}. Correct it and run again."
        ) from error
    except (ValueError, OSError) as error:  # null bytes, or a file that may not be read
        raise CommandError(f"{source.name} can't be read as Python source: {error}.") from error
    names: set[str] = set()
    open_blocks: list[ast.AST] = [tree]
    while open_blocks:
        for node in ast.iter_child_nodes(open_blocks.pop()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.ImportFrom) and node.module == "starmodel":
                continue  # our create_app, imported and never called, is no application
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            else:
                open_blocks.append(node)  # assignments, and blocks of if, try and with
    return names
