"""Built-in plugins use only what a plugin of a third party may use; no other module names them."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys

import pytest

from architecture.sources import modules
from starmodel.plugins import Plugin
from starmodel.plugins.built_in import built_in_candidates

FOLDER = "plugins/built_in/"
PUBLIC = {"starmodel", "starmodel.plugins", "starmodel.plugins.web"}
LAYERS = ("starmodel.app.", "starmodel.core.", "starmodel.texts.")
NAMES = [candidate.name for candidate in built_in_candidates()]
# The public names of a plugin, what responds while no application can be loaded, and the tests
# of applications.
OUTSIDE = {"auth.py", "cli/serving/failed_application.py", "testing/contracts/web/errors.py"}


def imports(tree: ast.AST) -> set[str]:
    """The modules that a module imports, also inside of functions."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(str(node.module))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_built_in_plugin_imports_what_any_plugin_may_import(name: str) -> None:
    place = f"{FOLDER}{name}/"
    found = {path: tree for path, tree in modules().items() if path.startswith(place)}
    assert found
    own = f"starmodel.{place.strip('/').replace('/', '.')}"
    for path, tree in found.items():
        ours = {name for name in imports(tree) if name.partition(".")[0] == "starmodel"}
        wrong = {
            name for name in ours if name not in PUBLIC and not name.startswith((*LAYERS, own))
        }
        assert not wrong, path


def test_built_in_plugin_imports_public_names_by_their_full_path() -> None:
    """`from starmodel.plugins import host` and `from ... import x` reach internal modules too."""
    for path, tree in modules().items():
        if not path.startswith(FOLDER) or path == f"{FOLDER}__init__.py":  # the list of them
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom):
                assert not node.level, path
                if node.module in PUBLIC:
                    public = importlib.import_module(str(node.module)).__all__
                    assert {alias.name for alias in node.names} <= set(public), path
            if isinstance(node, ast.Name | ast.Attribute):
                name = node.id if isinstance(node, ast.Name) else node.attr
                assert name not in ("import_module", "__import__"), path


def test_built_in_plugin_reads_no_private_name_of_others() -> None:
    for path, tree in modules().items():
        if not path.startswith(FOLDER):
            continue
        private = {
            ast.unparse(node)
            for node in ast.walk(tree)
            if isinstance(node, ast.Attribute)
            and node.attr.startswith("_")
            and not node.attr.startswith("__")
            and ast.unparse(node.value) != "self"
        }
        assert not private, path


def test_no_other_module_imports_a_built_in_plugin() -> None:
    wrong = {
        path
        for path, tree in modules().items()
        if not path.startswith(FOLDER) and path not in OUTSIDE
        for module in imports(tree)
        if module.startswith("starmodel.plugins.built_in.")
    }
    assert not wrong


@pytest.mark.parametrize("candidate", built_in_candidates(), ids=NAMES)
def test_built_in_plugin_has_a_name_and_a_summary(candidate) -> None:  # type: ignore[no-untyped-def]
    plugin = candidate.load()
    assert (plugin.name, isinstance(plugin, Plugin)) == (candidate.name, True)
    assert type(plugin).__doc__


@pytest.mark.parametrize(
    "code",
    ["import starmodel", "import starmodel.plugins", "from starmodel import create_app, Entity"],
)
def test_import_loads_no_built_in_plugin(code: str) -> None:
    script = f"{code}\nimport json, sys\nprint(json.dumps(list(sys.modules)))"
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = json.loads(ran.stdout.splitlines()[-1])
    assert not [name for name in loaded if name.startswith("starmodel.plugins.built_in.")]


def test_version_of_the_command_line_loads_no_plugin_host() -> None:
    script = (
        "import sys\nfrom starmodel.cli.main import app\n"
        "try:\n    app(['--version'])\nexcept SystemExit:\n    pass\n"
        "print([name for name in sys.modules if name.startswith('starmodel.plugins')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.splitlines()[-1] == "[]"


def test_plugin_that_is_off_is_not_imported() -> None:
    script = (
        "import sys\nfrom starmodel import create_app\n"
        "app = create_app([], plugins_disabled=['crud'], secret_key='k' * 40)\n"
        "print('starmodel.plugins.built_in.crud' in sys.modules)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert ran.stdout.splitlines()[-1] == "False"
