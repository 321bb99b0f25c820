"""Projects of `starmodel init`: linted, tested and served, with CRUD over HTTP."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import which

import httpx
import pytest
from typer.testing import Result

from starmodel.app.presentation import own_pages
from starmodel.cli.serving.loading import load_application
from starmodel.core.definition import defined

pytestmark = pytest.mark.slow
STARMODEL = [sys.executable, "-c", "from starmodel.cli.main import main; main()"]
Init = Callable[..., Path]
JSON = {"accept": "application/json"}
STARLETTE = ["--web", "starlette"]
VARIANTS = [
    [],
    ["--memory"],
    ["--browser"],
    ["--sql"],
    STARLETTE,
    [*STARLETTE, "--sql"],
    ["--auth"],
]


def environment() -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith("STARMODEL_")}
    return inherited | {"PYTHONUNBUFFERED": "1", "NO_COLOR": "1"}


def execute(folder: Path, *command: str) -> str:
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def served(folder: Path, *options: str) -> Iterator[str]:
    """Run `starmodel run` in this folder; yields the sign-in link, in production the URL."""
    command = [*STARMODEL, "run", "--port", "0", "--no-reload", *options]
    log = folder / "server.log"
    with (
        log.open("w") as errors,
        subprocess.Popen(
            command, cwd=folder, env=environment(), stdout=subprocess.PIPE, stderr=errors, text=True
        ) as server,
    ):
        assert server.stdout is not None
        try:
            address = re.search(r"http://[^ ]+", server.stdout.readline())
            assert address, log.read_text()
            wait_for(f"{address[0].strip()}/_starmodel/health")
            link = re.search(r"http://\S+/\?token=\w+", log.read_text())
            yield link[0] if link else f"{address[0].strip()}/?"
        finally:
            server.send_signal(signal.SIGINT)
            server.communicate(timeout=10)


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            if httpx.get(url).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.05)
    raise TimeoutError(f"{url} does not answer.")


def crud(link: str) -> None:
    base = link.partition("/?")[0]
    with httpx.Client(base_url=base, headers={"origin": base}, follow_redirects=True) as developer:
        assert "Counter" in developer.get(link, headers={"accept": "text/html"}).text
        made = developer.post("/tasks", json={"title": "Buy paper"})
        where = made.headers["location"]
        assert made.status_code == 201
        assert developer.post(f"{where}/finish").json()["entity"]["done"] is True
        assert developer.post(f"{where}/finish").status_code == 422
        developer.patch(where, json={"title": "Buy more paper"})
        assert developer.get(where, headers=JSON).json()["title"] == "Buy more paper"
        assert len(developer.get("/tasks", headers=JSON).json()["items"]) == 1
        assert developer.delete(where).is_success
        assert developer.get("/tasks", headers=JSON).json()["items"] == []
        assert "Buy" not in developer.get("/tasks", headers={"accept": "text/html"}).text


@pytest.fixture
def init(run: Callable[..., Result], folder: Path) -> Init:
    """Create a project in the current folder, and return its path."""

    def made(name: str, *options: str) -> Path:
        done = run("init", name, *options)
        assert done.exit_code == 0, done.output
        return folder / name

    return made


@pytest.mark.parametrize("options", [[], STARLETTE], ids=["fasthtml", "starlette"])
def test_new_project_serves_crud(init: Init, options: list[str]) -> None:
    began = time.perf_counter()
    shop = init("shop", *options)
    with served(shop) as link:
        crud(link)
    # Not a benchmark: a hanging server or an installation would take far longer.
    assert time.perf_counter() - began < 60
    assert not list(shop.glob(".starmodel/secret_key"))  # its key is in .env


@pytest.mark.parametrize("options", [[], STARLETTE], ids=["fasthtml", "starlette"])
def test_minimal_project_is_served(init: Init, options: list[str]) -> None:
    with served(init("toy", "--minimal", *options)) as link:
        base = link.partition("/?")[0]
        assert httpx.post(f"{base}/counter/increment").json()["entity"]["count"] == 1


@pytest.mark.parametrize("options", VARIANTS, ids=lambda options: "-".join(options) or "all")
def test_project_variant_passes_linters_and_its_tests(init: Init, options: list[str]) -> None:
    shop = init("shop", *options)
    execute(shop, sys.executable, "-m", "pytest", "-q")
    if ruff := which("ruff", path=Path(sys.executable).parent):  # another Python may have none
        execute(shop, ruff, "check", ".")
        execute(shop, ruff, "format", "--check", ".")


def test_project_exports_an_asgi_application(init: Init) -> None:
    program = "import app.entities, sys; assert 'fasthtml' not in sys.modules; from app import app;"
    execute(init("shop"), sys.executable, "-c", f"{program} print(app.starmodel)")


def test_readme_commands_run(run: Callable[..., Result], folder: Path) -> None:
    readme = (Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8")
    block = readme.partition("## Create a project")[2].partition("```console\n")[2]
    lines = re.findall(r"^\$ (.*?)(?:\s+#.*)?$", block.partition("```")[0], re.MULTILINE)
    for line in lines:
        program, *arguments = line.split()
        if program == "cd":
            os.chdir(arguments[0])
        elif arguments[0] == "run":
            with served(Path.cwd(), *arguments[1:]) as link:
                assert httpx.get(link.partition("/?")[0], headers=JSON).is_success
        else:
            done = run(*arguments)
            assert done.exit_code == 0, done.output
    assert len(lines) == 4


def test_project_is_migrated_from_its_first_day(
    init: Init, run: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = init("shop", "--sql")
    monkeypatch.chdir(shop)

    def forget_modules() -> None:
        """As in a new process."""
        for name in [name for name in sys.modules if name.partition(".")[0] == "app"]:
            del sys.modules[name]
        defined._defined.clear()
        own_pages._defined.clear()

    def migrate(*words: str) -> str:
        forget_modules()
        done = run("migrate", *words)
        assert done.exit_code == 0, done.output
        return done.stdout

    async def start_and_stop() -> None:
        forget_modules()
        application = load_application(None)
        await application.ready()
        await application.close()

    asyncio.run(start_and_stop())  # creates the tables
    assert "Recorded: 0001_first" in migrate()
    entities = shop / "app" / "entities.py"
    source = entities.read_text()
    done = "    done: bool = False\n"
    entities.write_text(source.replace(done, f"{done}    remark: str | None = None\n"))
    assert entities.read_text() != source
    assert ".remark" in migrate()
    migrate("--check")
    asyncio.run(start_and_stop())
    assert sorted(path.name[:4] for path in (shop / "migrations").glob("0*.py")) == [
        "0001", "0002",
    ]  # fmt: skip
