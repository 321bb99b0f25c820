"""Finds plugins: passed in code, in the folder `app/plugins`, and by entry points.

Nothing is imported here; `Candidate.load` imports a plugin.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from functools import partial
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from starmodel.app.failures import is_failure
from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import PluginError, error_in_plugin

GROUP = "starmodel.plugins"
BUILT_IN = "built in"
"""The source of plugins that are part of StarModel."""
FOLDER = Path("app", "plugins")
_PREFIXES = ("starmodel_", "starmodel-")


@dataclass(frozen=True, slots=True)
class Candidate:
    """A plugin that was found, by its presumed name.

    Shapes: package is the name of its installed package, "" for none, and version that of the
    package, "" when unknown; make returns a plugin or a plugin class, after importing it;
    is_on is False for one that is off by default; why_essential is the reason why it can't be
    off, "" for one that can.
    """

    name: str
    source: str
    make: Callable[[], Any]
    version: str = ""
    is_on: bool = True
    package: str = ""
    why_essential: str = ""

    @property
    def is_built_in(self) -> bool:
        return self.source == BUILT_IN

    def load(self) -> Plugin:
        """Import and instantiate the plugin, with its output on stderr. Raises: PluginError."""
        try:
            with redirect_stdout(sys.stderr):
                found = self.make()
                if isinstance(found, type) and issubclass(found, Plugin):
                    found = found()
        except BaseException as error:  # plugin code may raise anything
            if not is_failure(error):
                raise
            raise error_in_plugin(error, "while it is imported") from error
        if not isinstance(found, Plugin):
            raise PluginError(
                f"it is a value of type {type(found).__name__}; expected a Plugin.",
                "Point at a subclass of starmodel.plugins.Plugin, or an instance.",
            )
        return found


def candidates(
    given: Iterable[Any] = (), folder: Path = FOLDER, *, built_in: Iterable[Candidate] = ()
) -> list[Candidate]:
    """Every plugin by precedence: code, `app/plugins`, installed packages, then built-in ones.

    An essential one is before all others of its name.
    """
    ours = list(built_in)
    essential = [candidate for candidate in ours if candidate.why_essential]
    replaceable = [candidate for candidate in ours if not candidate.why_essential]
    return [
        *essential, *map(_in_code, given), *_in_folder(folder), *_installed(), *replaceable
    ]  # fmt: skip


def presumed_name(module: str) -> str:
    """The plugin name of a module: "starmodel_audit" and "audit" are both "audit"."""
    for prefix in _PREFIXES:
        module = module.removeprefix(prefix)
    return module.lower()


def _in_code(plugin: Any) -> Candidate:
    name = inspect.getattr_static(plugin, "name", "")  # a property may raise
    if not isinstance(name, str) or not name:
        name = getattr(plugin, "__name__", type(plugin).__name__)
    return Candidate(name, "create_app(plugins=…)", lambda: plugin)


def _in_folder(folder: Path) -> Iterator[Candidate]:
    if not folder.is_dir():
        return
    for path in sorted(folder.iterdir()):
        is_module = path.suffix == ".py" and path.is_file()
        is_package = path.is_dir() and (path / "__init__.py").is_file()
        if path.name.startswith(("_", ".")) or not (is_module or is_package):
            continue
        where = f"{folder.as_posix()}/{path.name}"
        yield Candidate(presumed_name(path.stem), where, partial(_import_drop_in, path))


def _installed() -> Iterator[Candidate]:
    for point in points_of(GROUP):
        package, version = package_of(point), point.dist.version if point.dist is not None else ""
        source = f"the package {package} {version}".rstrip()
        yield Candidate(point.name, source, point.load, version, package=package)


def points_of(group: str) -> list[EntryPoint]:
    """The entry points of a group by name and package; none is imported."""
    points = _points(tuple(sys.path)).select(group=group)
    return sorted(points, key=lambda point: (point.name, package_of(point)))


@functools.lru_cache(maxsize=1)
def _points(path: tuple[str, ...]) -> Any:
    """The entry points of all packages, whose metadata takes milliseconds to read."""
    return entry_points()


def forget_packages() -> None:
    """Read the metadata of packages again at the next use, after one was installed or removed."""
    importlib.invalidate_caches()
    _points.cache_clear()


def package_of(point: EntryPoint) -> str:
    """The name of the package that registers an entry point."""
    return point.dist.name if point.dist is not None else "an unknown package"


def _import_drop_in(path: Path) -> Any:
    """The plugin of a module in `app/plugins`: its attribute `plugin`, or its one Plugin class."""
    module = _import_module(path)
    found = getattr(module, "plugin", None)
    if isinstance(found, Plugin) or (isinstance(found, type) and issubclass(found, Plugin)):
        return found
    parts = module.__name__.split(".")
    classes = [
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Plugin)
        and value is not Plugin
        # Imported base classes are of other modules.
        and value.__module__.split(".")[: len(parts)] == parts
    ]
    if len(classes) != 1:
        raise PluginError(
            f"its module has {len(classes)} subclasses of Plugin; expected one.",
            "Name the plugin in the module: plugin = Audit()",
            f"{path}:1",
        )
    return classes[0]


def _import_module(path: Path) -> Any:
    """Import a module of `app/plugins`, once.

    A package named as one of pip's, such as `starmodel_audit`, has its own name, so that it may
    import itself by that. Another module is `app.plugins.NAME`.
    """
    file = path / "__init__.py" if path.is_dir() else path
    if path.stem.startswith(_PREFIXES[0]):
        return _import_file(path.stem, path, file)
    name = f"app.plugins.{path.stem}"
    try:
        spec = importlib.util.find_spec(name)
    except (ImportError, AttributeError, ValueError):  # `app` is another module
        spec = None
    if spec is not None and spec.origin is not None and Path(spec.origin).samefile(file):
        return importlib.import_module(name)
    return _import_file(f"starmodel_app_plugins.{path.stem}", path, file)


def _import_file(name: str, path: Path, file: Path) -> Any:
    known = sys.modules.get(name)
    if known is not None and Path(str(known.__file__)).samefile(file):
        return known
    folders = [str(path)] if path.is_dir() else None
    spec = importlib.util.spec_from_file_location(name, file, submodule_search_locations=folders)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} can't be imported.", "Expected a Python module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module
