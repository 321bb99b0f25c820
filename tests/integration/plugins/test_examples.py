"""The plugins in examples/plugins, installed as a third party's and dropped into app/plugins."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[3] / "examples" / "plugins"
SHOP = """
from starmodel import Entity, Field, Toast, create_app, event

class Product(Entity):
    model_config = {"store": "sql", "access": {"read": "public", "write": "public"}}
    name: str
    cost: str = Field(default="", private=True)

    @event
    def praise(self):
        return Toast("Thank you", "success")

app = create_app([Product])
"""
VISIT = """
from starmodel.testing import Visitor, memory_stores

with memory_stores():
    import shop
    visitor = Visitor(shop.app)
    {code}
"""


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run a command in the folder of the shop, with installed packages in `site`."""
    (tmp_path / "shop.py").write_text(SHOP)
    site = tmp_path / "site"
    site.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("STARMODEL_")
    }
    environment["PYTHONPATH"] = f"{site}{os.pathsep}{tmp_path}"

    def call(*command: str, **options: Any) -> str:
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, text=True, capture_output=True, check=False,
            **options,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    return call


def install(run: Any, tmp_path: Path, name: str) -> None:
    """Build the wheel of an example, and install it by pip, as a user of it does."""
    source = tmp_path / f"{name}-source"
    shutil.copytree(EXAMPLES / name, source)
    run(
        sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation",
        "--target", str(tmp_path / "site"), str(source),
    )  # fmt: skip


def drop_in(run: Any, tmp_path: Path, name: str) -> None:
    """Copy the package of an example to app/plugins."""
    (package,) = (EXAMPLES / name / "src").iterdir()
    folder = tmp_path / "app" / "plugins"
    folder.mkdir(parents=True)
    shutil.copytree(package, folder / package.name)


def visit(run: Any, code: str) -> str:
    text = VISIT.format(code="\n    ".join(code.strip().splitlines()))
    return run(sys.executable, "-c", text)


AUDIT = """
visitor.sign_in("ann", roles=["auditor"])
id = visitor.post("/products", {"name": "Pen"}).json()["entity"]["id"]
page, other = visitor.open(f"/products/{id}"), visitor.open(f"/products/{id}")
page.fill("text", "Looks <b>fine</b>")
page.submit("Add note")
print(other.text("#slot-audit_notes-notes"))
print(visitor.open("/audit_notes/recent").text("main"))
print(visitor.open("/").text("#slot-audit_notes-count"), visitor.open("/").text("nav"))
print(visitor.open("/audit_notes/notes").text("table"))
visitor.sign_in("bob")
print(visitor.open(f"/products/{id}").has("#slot-audit_notes-notes"))
"""


@pytest.mark.slow
@pytest.mark.parametrize("put", [install, drop_in])
def test_audit_notes_add_a_panel_a_page_a_tile_and_a_navigation_entry(run, tmp_path, put):
    put(run, tmp_path, "audit_notes")
    panel, recent, tile, listed, is_visible = visit(run, AUDIT).splitlines()[-5:]
    assert "Looks <b>fine</b> ann," in panel
    assert "Product:" in recent
    assert "1 audit note" in tile
    assert "Recent notes" in tile
    assert "Looks <b>fine</b>" in listed
    assert is_visible == "False"


@pytest.mark.slow
@pytest.mark.parametrize("put", [install, drop_in])
def test_colour_safe_skin_replaces_toasts_and_adds_its_style_sheet(run, tmp_path, put):
    put(run, tmp_path, "colour_safe")
    code = """
id = visitor.post("/products", {"name": "Pen"}).json()["entity"]["id"]
page = visitor.open(f"/products/{id}")
page.click("Praise")
print([toast.text for toast in page.toasts])
print(visitor.open("/").reply.text.count("/_starmodel/assets/colour_safe/colour-safe-"))
"""
    assert visit(run, code).splitlines()[-2:] == ["['✓ Thank you']", "1"]


@pytest.mark.slow
@pytest.mark.parametrize("put", [install, drop_in])
def test_backup_is_a_command_that_restores_missing_records(run, tmp_path, put):
    put(run, tmp_path, "backup")
    starmodel = [sys.executable, "-c", "from starmodel.cli.main import main; main()"]
    add = "import asyncio, shop; asyncio.run(shop.Product.objects.create(name='Pen', cost='s'))"
    run(sys.executable, "-c", add)
    written = run(*starmodel, "backup", "write", "--app", "shop.py")
    (file,) = (tmp_path / "backups").iterdir()
    assert written == f"backups/{file.name} has 1 records of 1 entities.\n"
    assert file.stat().st_mode & 0o077 == 0
    (tmp_path / "starmodel.db").unlink()
    restored = run(*starmodel, "backup", "restore", str(file), "--app", "shop.py")
    assert restored == "Restored 1 records; 0 exist already.\n"
    show = """
import asyncio, shop
async def values():
    return [(p.name, p.cost) for p in await shop.Product.objects.list()]
print(asyncio.run(values()))
"""
    assert run(sys.executable, "-c", show) == "[('Pen', 's')]\n"
    again = run(*starmodel, "backup", "restore", str(file), "--app", "shop.py")
    assert again == "Restored 0 records; 1 exist already.\n"
    listed = json.loads(run(*starmodel, "plugin", "list", "--json"))
    (plugin,) = [row for row in listed["plugins"] if row["name"] == "backup"]
    assert plugin["state"] == "on"


@pytest.mark.slow
def test_health_check_of_backup_fails_without_a_new_backup(run, tmp_path):
    drop_in(run, tmp_path, "backup")
    settings = "[starmodel.plugin.backup]\nmax_age_days = 1\n"
    (tmp_path / "starmodel.toml").write_text(settings)
    health = """
visitor = Visitor(shop.app, raise_errors=False)
print(visitor.get("/_starmodel/health").json()["status"])
"""
    assert visit(run, health).splitlines()[-1] == "failed"
    starmodel = [sys.executable, "-c", "from starmodel.cli.main import main; main()"]
    run(*starmodel, "backup", "write", "--app", "shop.py")
    assert visit(run, health).splitlines()[-1] == "ok"
    (file,) = (tmp_path / "backups").iterdir()
    os.utime(file, (0, 0))
    assert visit(run, health).splitlines()[-1] == "failed"
