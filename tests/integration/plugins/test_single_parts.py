"""Single parts by entry points of packages: parts of pages, and stores."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from starmodel import ConfigurationError, Entity, create_app
from starmodel.plugins import Plugin
from starmodel.plugins.discovery import forget_packages
from starmodel.testing import Visitor

TITLE = "def title(ui, resource, entity):\n    return f'{entity.name} of {__name__}'\n"
STORE = """
from starmodel.adapters.persistence.memory import MemoryRepository

made = []

def store():
    made.append(MemoryRepository())
    return made[-1]

instance = MemoryRepository()
"""


class Pen(Entity):
    model_config = {"scope": "record", "access": "public"}
    name: str


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    before = set(sys.modules)
    forget_packages()
    yield
    forget_packages()
    for name in set(sys.modules) - before:
        if name.startswith("pack_"):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., None]:
    """Install a package with one module and entry points: group → {name: attribute}."""

    def put(package: str, source: str, **groups: dict[str, str]) -> None:
        module = package.replace("-", "_")
        (tmp_path / f"{module}.py").write_text(source)
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
        lines = []
        for group, points in groups.items():
            lines.append(f"[starmodel.{group}]")
            lines += [f"{name} = {module}:{attribute}" for name, attribute in points.items()]
        (info / "entry_points.txt").write_text("\n".join(lines) + "\n")
        forget_packages()

    return put


def title_of(app: Any) -> str:
    with Visitor(app) as visitor:
        id = visitor.post("/pens", {"name": "Blue"}).json()["entity"]["id"]
        return visitor.open(f"/pens/{id}").text("h1")


def build(**options: Any) -> Any:
    return create_app([Pen], secret_key="k" * 40, **options)


def test_part_by_entry_point_overrides_one_part(install: Any, in_memory: Any) -> None:
    install("pack-title", TITLE, ui={"record.title": "title"})
    assert title_of(build()) == "Blue of pack_title"


def test_unknown_part_is_refused_and_the_application_serves(
    install: Any, in_memory: Any, caplog: pytest.LogCaptureFixture
) -> None:
    install("pack-title", TITLE, ui={"record.head": "title"})
    assert title_of(build()) == "Blue"
    assert "The entry point 'record.head' (starmodel.ui) of the package pack-title is not " in (
        caplog.text
    )
    assert "There is no part 'record.head'; the parts are page, page.start" in caplog.text
    assert "pack_title" not in sys.modules


@pytest.mark.parametrize(
    ("source", "reason"),
    [("1 / 0", "ZeroDivisionError"), ("raise SystemExit(3)", "SystemExit: 3"),
     ("title = 3", "is 3; expected a function"), ("", "AttributeError")],
)  # fmt: skip
def test_part_that_fails_is_logged_and_left_out(
    install: Any, in_memory: Any, caplog: pytest.LogCaptureFixture, source: str, reason: str
) -> None:
    install("pack-title", source, ui={"record.title": "title"})
    assert title_of(build()) == "Blue"
    assert "of the package pack-title" in caplog.text
    assert reason in caplog.text


def test_first_package_wins(install: Any, in_memory: Any, caplog: Any) -> None:
    install("pack-b", TITLE, ui={"record.title": "title"})
    install("pack-a", TITLE, ui={"record.title": "title"})
    assert title_of(build()) == "Blue of pack_a"
    assert "The part 'record.title' is that of the package pack-a." in caplog.text
    assert "pack_b" not in sys.modules


def test_own_part_and_that_of_a_plugin_win_over_one_of_a_package(
    install: Any, in_memory: Any
) -> None:
    class Titles(Plugin):
        name = "titles"

        def ui(self):
            return {"record.title": lambda ui, resource, entity: "of the plugin"}

    install("pack-title", TITLE, ui={"record.title": "title"})
    assert title_of(build(plugins=[Titles()])) == "of the plugin"
    own = {"record.title": lambda ui, resource, entity: "own"}
    assert title_of(build(ui=own)) == "own"
    assert "pack_title" not in sys.modules


class Crate(Entity):
    model_config = {"store": "crates", "scope": "record", "access": "public"}
    name: str


@pytest.mark.parametrize("attribute", ["store", "instance"])
async def test_store_by_entry_point_has_the_classes_that_name_it(
    install: Any, attribute: str
) -> None:
    install("pack-store", STORE, persistence={"crates": attribute})
    app = create_app([Crate], secret_key="k" * 40)
    await app.starmodel.ready()
    await Crate.objects.create(name="Blue")
    assert [crate.name for crate in await Crate.objects.list()] == ["Blue"]
    module = sys.modules["pack_store"]
    stores = [*module.made, module.instance]
    assert app.starmodel.persistence.for_class(Crate) in stores
    await app.starmodel.close()


def test_store_that_no_class_names_is_not_imported(install: Any) -> None:
    install("pack-store", STORE, persistence={"crates": "store"})
    build()
    assert "pack_store" not in sys.modules


def test_own_store_wins_over_one_of_a_package(install: Any) -> None:
    from starmodel.adapters.persistence.memory import MemoryRepository

    install("pack-store", STORE, persistence={"crates": "store"})
    own = MemoryRepository()
    app = create_app([Crate], stores={"crates": own}, secret_key="k" * 40)
    assert app.starmodel.persistence.for_class(Crate) is own
    assert "pack_store" not in sys.modules


def test_built_in_store_is_not_replaced(install: Any, caplog: pytest.LogCaptureFixture) -> None:
    install("pack-store", STORE, persistence={"sql": "store"})
    build()
    assert "The store 'sql' is that of the application or of a plugin." in caplog.text


@pytest.mark.parametrize(
    ("source", "reason"),
    [("1 / 0", "ZeroDivisionError"), ("store = 3", "is 3; expected a repository"),
     ("def store(): return 3", "makes a value of type int")],
)  # fmt: skip
def test_store_that_fails_names_its_package(install: Any, source: str, reason: str) -> None:
    install("pack-store", source, persistence={"crates": "store"})
    with pytest.raises(ConfigurationError, match="of the package pack-store") as raised:
        create_app([Crate], secret_key="k" * 40).starmodel.persistence.for_class(Crate)
    assert reason in str(raised.value)
