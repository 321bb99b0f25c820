"""The web framework of `create_app`: by argument, by setting, and without the other's imports."""

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from fasthtml.core import FastHTML
from starlette.applications import Starlette

from integration.web.browser import unlisted
from starmodel import ConfigurationError, Entity, Settings, configure_app, create_app

SECRET = "k" * 40
PROGRAM = """
import sys

from starlette.routing import Route
from starmodel import Entity, create_app, event
from starmodel.starlette import endpoint
from starmodel.testing import Visitor
from starmodel.testing.browser.asgi import HTML

class Counter(Entity):
    count: int = 0

    @event
    def increment(self, amount: int = 1):
        self.count += amount

class Product(Entity):
    model_config = {"access": "public"}
    name: str

@endpoint
async def mine(counter: Counter):
    return [counter]

async def crash(request):
    raise RuntimeError("detail")

routes = [Route("/mine", mine), Route("/crash", crash)]
app = create_app(web="starlette", secret_key="k" * 40, routes=routes)
with Visitor(app, raise_errors=False) as visitor:
    made = visitor.post("/products", {"name": "Pen"})
    page = visitor.open("/counter")
    page.submit("Increment", amount=2)
    assert page.signals["Counter.count"] == 2
    for path in ("/", "/products", made.headers["location"], "/products/new", "/mine", "/counter"):
        assert visitor.request("GET", path, headers=HTML).status == 200, path
    assert visitor.request("GET", "/none", headers=HTML).status == 404
    assert visitor.request("GET", "/crash", headers=HTML).status == 500
    assert visitor.get("/counter").json()["count"] == 2
loaded = {name.partition(".")[0] for name in sys.modules}
print(sorted(loaded & {"fasthtml", "monsterui"}))
"""


@unlisted
class Counter(Entity):
    count: int = 0


def test_starlette_application_imports_no_fasthtml(tmp_path):
    result = subprocess.run(
        [sys.executable, "-c", PROGRAM], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == "[]\n"


def test_setting_chooses_the_framework(tmp_path):
    (tmp_path / "starmodel.toml").write_text('[starmodel]\nweb = "starlette"\n')
    by_file = create_app([Counter], secret_key=SECRET)
    by_settings = create_app([Counter], settings=Settings(web="starlette", secret_key=SECRET))
    by_argument = create_app([Counter], web="fasthtml", secret_key=SECRET)
    names = [type(app).__name__ for app in (by_file, by_settings, by_argument)]
    assert names == ["StarletteApp", "StarletteApp", "StarModelApp"]


def test_unknown_framework_is_rejected():
    with pytest.raises(ConfigurationError, match=r"'web' cannot be 'flask'.*'fasthtml' or"):
        create_app([Counter], web="flask", secret_key=SECRET)


def test_option_of_the_other_framework_is_rejected():
    with pytest.raises(ConfigurationError, match=r"'hdrs'.*FastHTML.*web"):
        create_app([Counter], web="starlette", hdrs=[], secret_key=SECRET)


def test_static_folder_is_served(tmp_path, starlette):
    (tmp_path / "static").mkdir()
    (tmp_path / "static" / "site.css").write_text("body{}")
    assert starlette(Counter).get("/static/site.css").text == "body{}"


@pytest.mark.parametrize("make", [FastHTML, Starlette])
def test_debug_in_production_is_refused(make):
    options = {"env": "production", "secret_key": "k" * 40}
    with pytest.raises(ConfigurationError, match="every visitor would see tracebacks"):
        configure_app(make(debug=True), [], **options)
    with pytest.raises(ConfigurationError, match="Remove debug"):
        create_app([], web=make.__name__.lower(), debug=True, **options)
    create_app([], web=make.__name__.lower(), debug=True, secret_key="k" * 40)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files with settings that are read, in order."""
    Path("starmodel.toml").write_text("[starmodel]\ntheme = 'red'\n[starmodel.plugin.x]\na = 1\n")
    Path(".env").write_text("STARMODEL_TITLE=Shop\n")
    found: list[str] = []

    def spy(*args: Any, **options: Any) -> Any:
        name = Path(str(args[0])).name
        if name in ("starmodel.toml", ".env"):
            found.append(name)
        return opened(*args, **options)

    opened = io.open
    monkeypatch.setattr("io.open", spy)  # of Path.read_text
    monkeypatch.setattr("builtins.open", spy)
    return found


@pytest.mark.parametrize("web", ["fasthtml", "starlette"])
def test_create_app_reads_the_settings_once(reads: list[str], web: Any) -> None:
    app = create_app([], web=web, secret_key="k" * 40, routes=[])
    assert (app.starmodel.settings.theme, app.starmodel.settings.title) == ("red", "Shop")
    assert sorted(reads) == [".env", "starmodel.toml"]


def test_unknown_option_is_reported_before_an_invalid_value() -> None:
    with pytest.raises(ConfigurationError, match=r"Unknown setting 'titel'.*'title'"):
        create_app([], titel="x", env="prod")
    with pytest.raises(ConfigurationError, match=r"Unknown setting 'titel'.*'title'"):
        create_app([], titel="x", debug=False)
