"""Undocumented names of other libraries, which only `_compat` modules may use."""

import ast
import contextlib
import functools
import importlib.util
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pydantic
import pytest

import starmodel

SOURCE = Path(starmodel.__file__).parent
TEMPLATES = SOURCE / "cli" / "scaffold" / "templates"
# Of named tuples and enums, and a hook that pydantic documents beside its attributes.
DOCUMENTED = {
    "_asdict", "_fields", "_make", "_replace", "_value_", "_missing_",
    "__pydantic_init_subclass__",
}  # fmt: skip
# pydantic documents the attribute, not the type of its value.
UNDOCUMENTED_DUNDERS = {"__pydantic_decorators__"}
# Modules and names without underscore that their library does not document.
UNDOCUMENTED_MODULES = {"sqlmodel.main"}
UNDOCUMENTED_NAMES = {"fasthtml.core": {"noop_body"}}
ATTRIBUTE_FUNCTIONS = {
    "getattr",
    "setattr",
    "hasattr",
    "delattr",
    "__setattr__",
    "__getattribute__",
}
# Definitions, assignments to attributes, class attributes and slots.
_PRIVATE_MEMBER = re.compile(
    r"(?:\bdef |\bself\.|^ +|['\"])(_[a-z]\w*)(?=\(| *=[^=]|: |['\"])", re.MULTILINE
)
Violation = tuple[int, str]


def modules() -> list[Path]:
    return sorted(
        path
        for path in SOURCE.rglob("*.py")
        if not path.is_relative_to(TEMPLATES)
        and "_compat" not in path.relative_to(SOURCE).with_suffix("").parts
    )


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__") and name not in DOCUMENTED | {"_"}


def is_undocumented_dunder(name: str) -> bool:
    if name.startswith("__pydantic_"):
        return name in UNDOCUMENTED_DUNDERS or (
            f"{name}:" not in (pydantic.BaseModel.__doc__ or "") and name not in DOCUMENTED
        )
    return name.startswith("__sqlmodel_")


@functools.cache
def private_names_of(library: str) -> frozenset[str]:
    """The private methods and attributes in the Python source of an installed library."""
    spec = importlib.util.find_spec(library)
    if spec is None or library in sys.stdlib_module_names:
        return frozenset()
    if not spec.submodule_search_locations:
        files = [Path(spec.origin)] if spec.origin else []
    else:
        folder = Path(spec.submodule_search_locations[0])
        files = [*folder.rglob("*.py"), *folder.rglob("*.pyx")]
    found: set[str] = set()
    for file in files:
        found.update(_PRIVATE_MEMBER.findall(file.read_text(encoding="utf-8", errors="replace")))
    return frozenset(found)


@functools.cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def names_defined_in(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                found.add(node.name)
            case ast.Name(id=name, ctx=ast.Store()) | ast.arg(arg=name):
                found.add(name)
            case ast.Attribute(attr=name, value=ast.Name(id="self" | "cls"), ctx=ast.Store()):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id="__slots__")]):
                found.update(
                    c.value
                    for c in ast.walk(node.value)
                    if isinstance(c, ast.Constant) and isinstance(c.value, str)
                )
    return found


@functools.cache
def own_names() -> frozenset[str]:
    """Every private name that StarModel's source defines."""
    trees = (parsed(path) for path in SOURCE.rglob("*.py"))
    return frozenset(name for tree in trees for name in names_defined_in(tree))


def libraries_in(tree: ast.Module) -> set[str]:
    """The libraries that a module imports."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            found.add((node.module or "").partition(".")[0])
    return found - {"starmodel"}


def imports_of_private_names(tree: ast.Module) -> Iterator[Violation]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if not alias.name.startswith("starmodel") and is_private_path(alias.name):
                    yield node.lineno, f"import {alias.name}"
        elif isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("starmodel"):
            module = node.module or ""
            undocumented = UNDOCUMENTED_NAMES.get(module, set())
            for alias in node.names:
                if is_private_path(module) or is_private(alias.name) or alias.name in undocumented:
                    yield node.lineno, f"from {module} import {alias.name}"


def is_private_path(module: str) -> bool:
    return module in UNDOCUMENTED_MODULES or any(map(is_private, module.split(".")))


def attributes_in(tree: ast.AST) -> Iterator[tuple[int, str, ast.expr]]:
    """Line, name and object of each attribute, also where a string constant names it."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=owner, attr=name):
                yield node.lineno, name, owner
            case ast.Call(
                func=ast.Name(id=function) | ast.Attribute(attr=function),
                args=[owner, ast.Constant(value=str(name)), *_],
            ) if function in ATTRIBUTE_FUNCTIONS:
                yield node.lineno, name, owner


def is_self(owner: ast.expr) -> bool:
    return isinstance(owner, ast.Name) and owner.id in ("self", "cls")


def foreign_attributes(tree: ast.Module) -> Iterator[Violation]:
    """Private attributes that StarModel does not define, or that an imported library defines.

    Objects other than `self` and `cls` may be of any library that the module imports.
    """
    libraries = libraries_in(tree)
    for line, name, owner in attributes_in(tree):
        if is_undocumented_dunder(name):
            yield line, name
        elif is_private(name) and (
            name not in own_names()
            or (
                not is_self(owner)
                and any(name in private_names_of(library) for library in libraries)
            )
        ):
            yield line, f"{ast.unparse(owner)}.{name}"


def overridden_members(tree: ast.Module) -> Iterator[Violation]:
    """Private members of a subclass of a library's class that the base class has as well."""
    imported = {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and not (node.module or "").startswith("starmodel")
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.ClassDef):
            continue
        names = {n for n in members_of(node) if is_private(n)}
        bases = {b.id for base in node.bases for b in ast.walk(base) if isinstance(b, ast.Name)}
        for base in sorted(bases & imported.keys()) if names else ():
            for name in sorted(names & members_of_class(*imported[base])):
                yield node.lineno, f"{node.name}.{name}"


def members_of(node: ast.ClassDef) -> set[str]:
    """The methods, class attributes and attributes of `self` that a class body defines."""
    found = {a.attr for a in ast.walk(node) if isinstance(a, ast.Attribute) and is_self(a.value)}
    for statement in node.body:
        match statement:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                found.add(name)
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                found.add(name)
    return found


@functools.cache
def members_of_class(module: str, name: str) -> frozenset[str]:
    """The members of an imported class, and the attributes that its methods set."""
    cls = getattr(importlib.import_module(module), name)
    found = set(dir(cls))
    for base in inspect.getmro(cls) if isinstance(cls, type) else ():
        with contextlib.suppress(OSError, TypeError):  # a class of C has no source
            found.update(re.findall(r"\bself\.(_\w+)", inspect.getsource(base)))
    return frozenset(found)


def violations(tree: ast.Module) -> list[Violation]:
    rules = (imports_of_private_names, foreign_attributes, overridden_members)
    return sorted({found for rule in rules for found in rule(tree)})


def test_only_compat_modules_use_private_names_of_libraries():
    found = [
        f"{path.relative_to(SOURCE)}:{line}: {what}"
        for path in modules()
        for line, what in violations(parsed(path))
    ]
    assert not found, "Move these into the `_compat` module of the library:\n" + "\n".join(found)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("from fasthtml.core import _resp", "from fasthtml.core import _resp"),
        ("import pydantic._internal._decorators", "import pydantic._internal._decorators"),
        ("from starlette._utils import is_async", "from starlette._utils import is_async"),
        ("from sqlmodel.main import Field", "from sqlmodel.main import Field"),
        ("from fasthtml.core import noop_body", "from fasthtml.core import noop_body"),
        ("from sqlalchemy import Column\nc = Column()._copy()", "Column()._copy"),
        ("getattr(connection, '_stream_broken', False)", "connection._stream_broken"),
        ("cls.__pydantic_decorators__", "__pydantic_decorators__"),
        ("cls.__pydantic_core_config__", "__pydantic_core_config__"),
        ("cls.__sqlmodel_relationships__", "__sqlmodel_relationships__"),
        # `HttpRequest` has a `_body` as well, so only the import distinguishes the two.
        ("from starlette.requests import Request\nRequest({})._body = b''", "Request({})._body"),
        (
            "from fasthtml.core import FastHTML\nclass App(FastHTML):\n    def _endp(self): ...",
            "App._endp",
        ),
    ],
)
def test_private_name_is_reported(code, expected):
    assert expected in [what for _, what in violations(ast.parse(code))]


@pytest.mark.parametrize(
    "code",
    [
        "from __future__ import annotations",
        "from pydantic import BaseModel\nBaseModel.__pydantic_fields__",
        "row._replace(a=1)",
        "class A:\n    def _body(self): ...\n    def b(self):\n        return self._body()",
        "from starmodel.core._compat import has_decorators",
    ],
)
def test_documented_and_own_names_are_allowed(code):
    assert not violations(ast.parse(code))
