"""Tables from snapshots are those that the classes of the examples derive."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
PROGRAMS = [
    "examples/todo.py", "examples/hybrid/entities.py", "examples/demo/tasks.py",
    "examples/todomvc/todos.py", "examples/clients/app.py",
    "examples/plugins/audit_notes/src/starmodel_audit_notes/notes.py",
]  # fmt: skip
# In a process of its own, because the classes of a module are remembered for every application.
CHECK = """
import sys, importlib.util
from starmodel.core.classes.registry import defined_entities, entity_type
from unit.migrations.schema.test_tables import differences
spec = importlib.util.spec_from_file_location("program", sys.argv[1])
module = sys.modules["program"] = importlib.util.module_from_spec(spec)
spec.loader.exec_module(module)
types = [entity_type(cls, "sql") for cls in defined_entities()]
assert types
for dialect in ("postgresql", "sqlite", "mysql"):
    found = differences(types, dialect)
    assert not found, found
print(len(types))
"""


@pytest.mark.parametrize("program", PROGRAMS)
def test_tables_of_a_snapshot_are_those_of_the_classes(program: str) -> None:
    paths = [str(ROOT / "tests"), str((ROOT / program).parent)]
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{CHECK}", ROOT / program],
        capture_output=True, text=True, cwd=ROOT, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0
