"""Resolves the TARGET of a command to a module and attribute, and imports it.

Names are validated by parsing the source, without importing it: a reloading
server imports the application in its worker only, and an invalid name is
reported before the server starts.
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

from starmodel.cli.terminal.errors import CommandError

_NAME = re.compile(r"^(?:async +def|def|class) +(\w+)|^(\w+) *(?::[^=\n]*)?=", re.MULTILINE)
CONVENTIONS = ("app.main:create_app", "app.main:app", "main:app")


class NoApplicationError(CommandError):
    """None of CONVENTIONS is in the folder."""


class Target(NamedTuple):
    """The module and attribute of an application.

    Shapes: folder belongs on sys.path; file is set when no import statement
    can name the module, as with app.v2.py.
    """

    folder: Path
    module: str
    attribute: str
    file: Path | None = None

    @property
    def import_string(self) -> str:
        return f"{self.file or self.module}:{self.attribute}"


def import_target(module: str) -> ModuleType:
    """Import the module of an import string once; later calls return the cached module.

    Raises: any exception of the module.
    """
    if not module.endswith(".py"):
        return importlib.import_module(module)
    file = Path(module)
    _, parts = _import_path(file)
    *packages, stem = parts
    name = ".".join([*packages, stem.replace(".", "_")])
    while (cached := sys.modules.get(name)) is not None:
        if getattr(cached, "__file__", None) == str(file):
            return cached
        name += "_"
    if packages:
        importlib.import_module(".".join(packages))  # for relative imports
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise ImportError(f"{file} can't be imported.")
    module_object = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module_object)
    except BaseException:
        del sys.modules[name]
        raise
    return module_object


def _import_path(source: Path) -> tuple[Path, list[str]]:
    """The sys.path folder of a source file, and the parts of its module name."""
    folder, parts = source.parent, [source.stem]
    while (folder / "__init__.py").is_file():  # a package, whose parent belongs on sys.path
        folder, parts = folder.parent, [folder.name, *parts]
    return folder, parts


def find_target(app: str | None, here: Path, *, tolerant: bool = False) -> Target:
    """Resolve `app`, or the first of CONVENTIONS that exists in `here`.

    Shapes: app is "hello.py", "hello.py:attribute" or
    "package.module:attribute"; with tolerant=True, names in a file with a
    syntax error are matched by a regular expression, because a reloading
    server serves the error until it is corrected.
    Raises: NoApplicationError, without `app`; CommandError, for a missing file,
    module or attribute, and for a syntax error.
    """
    if app is None:
        return _find_by_convention(here, tolerant)
    location, colon, attribute = app.partition(":")
    if location.endswith(".py"):
        return _in_file(here / location, attribute, tolerant)
    if not colon and (here / f"{location}.py").is_file():
        raise CommandError(f"{app!r} is no application. Did you mean {location}.py?")
    if not (colon and location and attribute):
        raise CommandError(f"{app!r} is no application. Give a file.py or a module:attribute.")
    source = _find_module(location, here)
    if source is None:
        raise CommandError(
            f"No module {location!r} with Python source in {here} or installed. Check the name."
        )
    return _target(source, here, location, attribute, tolerant)


def _find_by_convention(here: Path, tolerant: bool) -> Target:
    for convention in CONVENTIONS:
        module, _, attribute = convention.partition(":")
        source = here.joinpath(*module.split(".")).with_suffix(".py")
        if source.is_file() and attribute in _defined_names(source, tolerant):
            return _target(source, here, module, attribute, tolerant)
    raise NoApplicationError(
        f"No application found in {here}: looked for {', '.join(CONVENTIONS)}. "
        "Name one, as in: starmodel run hello.py (with other commands: --app hello.py)"
    )


def _in_file(path: Path, attribute: str, tolerant: bool) -> Target:
    source = path.resolve()
    if not source.is_file():
        raise CommandError(f"No file {path}. Check the path and the current folder.")
    folder, parts = _import_path(source)
    if attribute:
        return _target(source, folder, ".".join(parts), attribute, tolerant)
    names = _defined_names(source, tolerant)
    for convention in ("app", "create_app"):
        if convention in names:
            return _target(source, folder, ".".join(parts), convention, tolerant)
    raise CommandError(
        f"{path.name} defines neither app nor create_app. Add app = create_app(), "
        f"or name the attribute: {path.name}:attribute"
    )


def _target(source: Path, folder: Path, module: str, attribute: str, tolerant: bool) -> Target:
    names = _defined_names(source, tolerant)
    if attribute not in names and "*" not in names:
        raise CommandError(f"{source.name} has no attribute {attribute!r}. Check its name.")
    if "." in source.stem:
        return Target(folder, module, attribute, source)
    _refuse_shadowed(source, folder, module.partition(".")[0])
    return Target(folder, module, attribute)


def _refuse_shadowed(source: Path, folder: Path, top: str) -> None:
    """Refuse a module name that an imported library shadows."""
    spec = getattr(sys.modules.get(top), "__spec__", None)
    if spec is None or not spec.origin or not source.is_relative_to(folder):
        return
    if Path(spec.origin) not in (folder / f"{top}.py", folder / top / "__init__.py"):
        raise CommandError(f"{top!r} is also the name of a library. Rename {source.name}.")


def _find_module(module: str, here: Path) -> Path | None:
    """The source file of a module; only its parent packages are imported."""
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


def _defined_names(source: Path, tolerant: bool) -> set[str]:
    """The top-level names of a module, parsed from source; "*" for a star import."""
    try:
        text = source.read_bytes()
        tree = ast.parse(text, filename=str(source))
    except SyntaxError as error:
        if tolerant and b"\0" not in text:
            return {found[1] or found[2] for found in _NAME.finditer(text.decode(errors="replace"))}
        raise CommandError(
            f"{source.name}, line {error.lineno}: {error.msg}. Correct it and run again."
        ) from error
    except (ValueError, OSError) as error:  # null bytes, or no read permission
        raise CommandError(f"{source.name} can't be read as Python source: {error}.") from error
    names: set[str] = set()
    open_blocks: list[ast.AST] = [tree]
    while open_blocks:
        for node in ast.iter_child_nodes(open_blocks.pop()):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.ImportFrom) and node.module == "starmodel":
                continue  # an imported create_app is StarModel's, not a factory
            elif isinstance(node, ast.Import | ast.ImportFrom):
                names |= {alias.asname or alias.name for alias in node.names}
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            else:
                open_blocks.append(node)  # nested statements of if, try and with
    return names
