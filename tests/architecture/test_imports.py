"""Packages that `import starmodel` loads."""

import json
import subprocess
import sys

import starmodel

HEAVY = (
    "fasthtml", "fastcore", "starlette", "sqlalchemy", "sqlmodel", "uvicorn", "typer", "redis",
    "pydantic_settings", "filelock",
)  # fmt: skip
TEXTS = {"starmodel.texts"}  # below the core, so that an error reads well without an adapter
CORE = {"starmodel.core", "starmodel.app", *TEXTS}
FRAMEWORK_NAMES = {"Settings", "configure_app", "create_app", "create_fasthtml_app"}


def loaded_by(code: str) -> set[str]:
    """Top-level packages and StarModel modules of a fresh interpreter that ran the code."""
    script = f"{code}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_import_starmodel_loads_nothing_else():
    modules = loaded_by("import starmodel")
    assert not modules & {*HEAVY, "pydantic", "asyncio"}
    assert not [name for name in modules if name.startswith("starmodel.")]


def test_public_names_of_the_domain_load_no_framework():
    names = [name for name in starmodel.__all__ if name not in FRAMEWORK_NAMES]
    modules = loaded_by(f"from starmodel import {', '.join(names)}")
    assert not modules & set(HEAVY)
    ours = {name for name in modules if name.startswith("starmodel.")}
    assert {".".join(name.split(".")[:2]) for name in ours} == CORE


def test_entity_alone_loads_only_the_core():
    modules = loaded_by("from starmodel import Entity, Field, event")
    ours = {name for name in modules if name.startswith("starmodel.")}
    assert {".".join(name.split(".")[:2]) for name in ours} == {"starmodel.core", *TEXTS}


def test_texts_load_only_the_standard_library():
    modules = loaded_by("import starmodel.texts")
    assert not modules & {*HEAVY, "pydantic", "asyncio"}
    ours = {name for name in modules if name.startswith("starmodel.")}
    assert {".".join(name.split(".")[:2]) for name in ours} == TEXTS


def test_entities_events_and_dispatch_load_no_framework():
    modules = loaded_by(
        "import asyncio\n"
        "from starmodel import Entity, EntityConfig, dispatch, event\n"
        "from starmodel.testing.fakes import fake_application\n"
        "class Counter(Entity):\n"
        "    model_config = EntityConfig(scope='app', access='public')\n"
        "    count: int = 0\n"
        "    @event\n"
        "    def add(self):\n"
        "        self.count += 1\n"
        "app = fake_application(Counter)\n"
        "assert asyncio.run(dispatch(Counter.add())).entity.count == 1\n"
    )
    assert not modules & set(HEAVY)


def test_application_without_sql_entities_never_loads_sqlalchemy():
    modules = loaded_by(
        "from starmodel import Entity, create_app\n"
        "class Counter(Entity):\n"
        "    count: int = 0\n"
        "app = create_app([Counter], secret_key='k' * 40)\n"
    )
    assert not modules & {"sqlalchemy", "sqlmodel", "uvicorn", "typer"}


def test_testing_is_loaded_by_no_application():
    modules = loaded_by("import starmodel.bootstrap")
    assert not [name for name in modules if name.startswith("starmodel.testing")]


def test_generated_pages_load_no_web_framework():
    modules = loaded_by("import starmodel.adapters.ui.franken.adapter")
    assert not modules & {"fasthtml", "starlette", "monsterui"}
