"""`starmodel run`: target resolution, server options and error messages."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.testing import CliRunner, Result

from starmodel.cli.main import app as command
from starmodel.cli.serving.server import import_application
from starmodel.cli.targets import Target, find_target

ASGI = "async def app(scope, receive, send): ...\n"
FACTORY = "def create_app(): ...\n"


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for variable in ("STARMODEL_ADDRESS", "STARMODEL_TARGET", "STARMODEL_RELOADS"):
        monkeypatch.setenv(variable, "")  # so that monkeypatch restores it
    monkeypatch.setenv("STARMODEL_ENV", "")


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The arguments of `uvicorn.run`; no server starts."""
    call: dict[str, Any] = {}
    monkeypatch.setattr(uvicorn, "run", lambda app, **options: call.update(options, app=app))
    return call


def write(path: str, content: str) -> Path:
    file = Path(path)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(content)
    return file


def invoke(*arguments: str) -> Result:
    return CliRunner().invoke(command, ["run", "--port", "0", *arguments])


def refusal(*arguments: str) -> str:
    result = invoke(*arguments)
    assert result.exit_code in (1, 2)
    assert "Traceback" not in result.output
    return " ".join(result.stderr.split())


def test_run_of_a_file_serves_from_its_folder(started: dict[str, Any], tmp_path: Path) -> None:
    write("examples/hello.py", ASGI)
    assert invoke("examples/hello.py").exit_code == 0
    assert os.environ["STARMODEL_TARGET"] == "hello:app"
    assert started["app_dir"] == str(tmp_path / "examples")


def test_run_sets_a_shutdown_timeout_and_no_access_log(started: dict[str, Any]) -> None:
    write("hello.py", ASGI)
    invoke("hello.py")
    assert started["timeout_graceful_shutdown"] == 2
    assert started["access_log"] is False
    assert os.environ["STARMODEL_ADDRESS"] == f"http://127.0.0.1:{started['port']}"
    assert started["port"] > 0


@pytest.mark.parametrize(
    ("env", "flags", "reload"),
    [
        ("development", [], True),
        ("production", [], False),
        ("development", ["--no-reload"], False),
        ("production", ["--reload"], True),
    ],
    ids=["development", "production", "off", "on"],
)
def test_reload_defaults_to_env_and_a_flag_overrides_it(
    started: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    env: str,
    flags: list[str],
    reload: bool,
) -> None:
    write("hello.py", ASGI)
    monkeypatch.setenv("STARMODEL_ENV", env)
    invoke("hello.py", *flags)
    assert started["reload"] is reload


def test_reload_in_development_watches_sources_and_settings(
    started: dict[str, Any], tmp_path: Path
) -> None:
    write("hello.py", ASGI)
    result = invoke("hello.py")
    assert "(auto-reload)" in result.stdout
    assert started["reload_dirs"] == [str(tmp_path)]
    assert started["reload_includes"] == [".env", "starmodel.toml"]
    assert os.environ["STARMODEL_RELOADS"] == str(tmp_path)


def test_production_flag_sets_env_and_serves_no_failure_page(
    started: dict[str, Any],
) -> None:
    write("hello.py", ASGI)
    invoke("hello.py", "--production")
    assert os.environ["STARMODEL_ENV"] == "production"
    assert started["reload"] is False
    invoke("hello.py", "--production", "--reload")
    assert os.environ["STARMODEL_RELOADS"] == ""


def test_workers_option_without_local_state_starts_workers(started: dict[str, Any]) -> None:
    write("hello.py", ASGI)
    assert "(3 workers)" in invoke("hello.py", "--workers", "3").stdout
    assert started["workers"] == 3
    assert started["reload"] is False


IN_MEMORY = """
from starmodel import Entity, create_app

class Basket(Entity):
    size: int = 0

print("output of a module")
app = create_app()
"""


def test_workers_option_with_state_in_memory_is_rejected(started: dict[str, Any]) -> None:
    write("hello.py", IN_MEMORY)
    message = refusal("hello.py", "--workers", "2")
    assert "Basket is kept in the memory of one process" in message
    assert "event_bus 'memory'" in message
    assert "run one worker" in message
    assert started == {}


def test_workers_option_with_reload_is_rejected() -> None:
    write("hello.py", ASGI)
    assert "Leave out --reload" in refusal("hello.py", "--workers", "2", "--reload")


def test_workers_option_with_a_failing_application_exits(
    started: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    write("hello.py", ASGI + "1 / 0\n")
    assert invoke("hello.py", "--workers", "2").exit_code == 1
    message = capfd.readouterr().err
    assert "ZeroDivisionError" in message
    assert "starmodel/cli" not in message
    assert started == {}


def test_run_on_all_interfaces_prints_a_loopback_url(started: dict[str, Any]) -> None:
    write("hello.py", ASGI)
    invoke("hello.py", "--host", "0.0.0.0")  # noqa: S104  # no server starts
    assert started["host"] == "0.0.0.0"  # noqa: S104
    assert os.environ["STARMODEL_ADDRESS"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("files", "found"),
    [
        ({"app/main.py": FACTORY + ASGI, "main.py": ASGI}, "app.main:create_app"),
        ({"app/main.py": ASGI, "main.py": ASGI}, "app.main:app"),
        ({"app/main.py": "", "main.py": "app = object()"}, "main:app"),
    ],
    ids=["factory", "app", "main"],
)
def test_find_target_without_a_name_tries_conventions_in_order(
    files: dict[str, str], found: str, tmp_path: Path
) -> None:
    for path, content in files.items():
        write(path, content)
    target = find_target(None, tmp_path)
    assert target.import_string == found
    assert target.folder == tmp_path


def test_find_target_of_a_package_file_uses_the_package(tmp_path: Path) -> None:
    write("shop/__init__.py", "")
    write("shop/web.py", FACTORY)
    assert find_target("shop/web.py", tmp_path) == Target(tmp_path, "shop.web", "create_app")


@pytest.mark.parametrize("name", ["app.v2.py", "my-app.py", "a b.py", "shop/web.v1.2.py"])
def test_import_application_of_any_file_name_imports_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("shop/__init__.py", "")
    write("shop/near.py", "value = 1")
    near = "from .near import value\n" if name.startswith("shop/") else ""
    write(name, near + "class Made: ...\nmade = Made()\napp = lambda *, made=made: made")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", sys.modules.copy())
    target = find_target(name, tmp_path)

    made = import_application(target.import_string)

    assert import_application(target.import_string) is made
    assert sys.modules[type(made).__module__].Made is type(made)


def test_import_application_of_names_that_differ_by_a_dot_keeps_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("app_v2.py", "app = 'underscore'")
    write("app.v2.py", "app = 'dot'")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", sys.modules.copy())

    made = [
        import_application(find_target(name, tmp_path).import_string)
        for name in ("app_v2.py", "app.v2.py")
    ]

    assert made == ["underscore", "dot"]


@pytest.mark.parametrize(
    "source",
    [
        "def make(): ...",
        "if 1:\n    make: object = object()",
        "try:\n    from other import make\nexcept ImportError:\n    make = None",
        "from other import *",
    ],
    ids=["function", "assigned", "imported", "star"],
)
def test_find_target_parses_attributes_from_source(tmp_path: Path, source: str) -> None:
    write("hello.py", source)
    assert find_target("hello.py:make", tmp_path) == find_target("hello:make", tmp_path)


def test_run_does_not_import_the_application_itself(started: dict[str, Any]) -> None:
    write("hello.py", ASGI + "raise SystemExit('it ran')\n")
    assert invoke("hello.py").exit_code == 0


@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("gone.py", "No file"),
        ("hello", "Did you mean hello.py?"),
        ("other", "Give a file.py or a module:attribute"),
        ("hello.py:gone", "hello.py has no attribute 'gone'"),
        ("hello:gone", "hello.py has no attribute 'gone'"),
        ("gone:app", "No module 'gone'"),
        ("os:path", "No module 'os' with Python source"),
        ("nulls.py", "nulls.py"),
        ("empty.py", "Add app = create_app()"),
        ("typer.py", "Rename typer.py"),
    ],
    ids=str,
)
def test_run_with_an_invalid_target_exits_with_a_remedy(argument: str, words: str) -> None:
    write("hello.py", ASGI)
    write("empty.py", "from starmodel import create_app\n")
    write("typer.py", ASGI)
    write("nulls.py", "app = 1\0")
    assert words in refusal(argument)


def test_run_with_a_syntax_error_starts_only_a_reloading_server(
    started: dict[str, Any],
) -> None:
    write("broken.py", "from starmodel import create_app\nclass A(Entity)\napp = create_app()\n")
    assert invoke("broken.py").exit_code == 0
    assert started["reload"]
    write("main.py", "async def app(:\n")
    assert invoke().exit_code == 0
    write("nameless.py", "class A(Entity)\nprint(app)\n")
    assert "defines neither app nor create_app" in refusal("nameless.py")
    for words in (["broken.py", "--no-reload"], ["broken.py", "--production"]):
        assert "broken.py, line 2: " in refusal(*words)


def test_run_without_an_application_lists_the_conventions() -> None:
    assert "looked for app.main:create_app, app.main:app, main:app" in refusal()


def test_run_on_a_used_port_suggests_another() -> None:
    write("hello.py", ASGI)
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        assert f"choose another: --port {port + 1}" in refusal("hello.py", "--port", str(port))


def test_run_with_an_invalid_settings_file_exits_with_a_message() -> None:
    write("hello.py", ASGI)
    write("starmodel.toml", "[starmodel")
    assert "starmodel.toml cannot be read" in refusal("hello.py")


def test_run_help_lists_every_option() -> None:
    text = CliRunner().invoke(command, ["run", "--help"]).output
    assert all(word in text for word in ("app", "--host", "--port", "--reload", "--no-reload"))


def test_version_prints_the_installed_version() -> None:
    assert CliRunner().invoke(command, ["version"]).output == "0.1.0\n"


SERVED = """
import os

async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": os.environ["STARMODEL_ADDRESS"].encode()})
"""


def serve(*arguments: str) -> subprocess.Popen[str]:
    program = "from starmodel.cli.main import main; main()"
    command = [sys.executable, "-c", program, "run", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True)


def answered(address: str) -> bool:
    try:
        urllib.request.urlopen(address, timeout=5).close()  # noqa: S310 - our own server
    except OSError:
        return False
    return True


def test_run_in_a_subprocess_serves_until_a_signal(tmp_path: Path) -> None:
    write("hello.py", SERVED)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with serve("hello.py", "--port", str(port), "--no-reload") as server:
        assert server.stdout is not None
        seen = server.stdout.readline()
        deadline = time.monotonic() + 10
        while not answered(address) and time.monotonic() < deadline:
            time.sleep(0.05)
        with urllib.request.urlopen(address, timeout=5) as reply:  # our own server
            assert reply.read().decode() == address
        server.send_signal(signal.SIGINT)
        assert server.communicate(timeout=5)[1] == ""
    assert address in seen


def test_run_with_an_unreachable_database_exits_with_a_message(tmp_path: Path) -> None:
    write(
        "shop.py",
        "from starmodel import Entity, create_app\n"
        "class Product(Entity):\n    model_config = {'store': 'sql'}\n    name: str\n"
        "app = create_app(database_url='sqlite:////nowhere/shop.db')\n",
    )
    with serve("shop.py", "--port", "0", "--no-reload") as server:
        messages = server.communicate(timeout=20)[1]
    assert "The database /nowhere/shop.db can't be opened" in messages
    assert "Traceback" not in messages
    assert server.returncode == 3
