"""Loading in the server process, and the responses of a failed application."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from starmodel.cli.serving.server import load

MODULE = "application_under_test"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Load `app` of a module with the given source."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STARMODEL_TARGET", f"{MODULE}:app")
    monkeypatch.setenv("STARMODEL_RELOADS", "")
    monkeypatch.setenv("STARMODEL_SOURCES", "")

    def serve(source: str) -> Any:
        (tmp_path / f"{MODULE}.py").write_text(source)
        return load()

    yield serve
    sys.modules.pop(MODULE, None)


@pytest.mark.parametrize(
    "source",
    [
        "def app(): return 'made'",
        "def app(debug=False, *, quiet=True, **more): return 'made'",
        "app = 'made'",
    ],
    ids=["factory", "factory-with-defaults", "object"],
)
def test_load_imports_an_object_or_calls_a_factory(
    served: Callable[[str], Any], source: str
) -> None:
    assert served(source) == "made"


def test_load_of_an_asgi_function_does_not_call_it(served: Callable[[str], Any]) -> None:
    assert served("async def app(scope, receive, send): ...").__name__ == "app"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("other = 1", "has no attribute 'app'"),
        ("async def app(): ...", "async factory"),
        (
            "from starmodel.config import Settings\napp = Settings(env='prod')",
            "Did you mean 'production'?",
        ),
    ],
    ids=["missing", "async", "settings"],
)
def test_load_with_a_configuration_error_exits_with_a_message(
    served: Callable[[str], Any], capsys: pytest.CaptureFixture[str], source: str, words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        served(source)
    message = capsys.readouterr().err
    assert ended.value.code == 1
    assert words in message
    assert "Traceback" not in message


def test_load_with_an_application_error_prints_its_traceback(
    served: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        served("def app(): return 1 + 'x'")
    message = capsys.readouterr().err
    assert f"{MODULE}.py" in message
    assert "TypeError" in message


async def request(app: Any, path: str, **headers: str) -> tuple[int, dict[str, str], str]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http", "method": "GET", "path": path, "root_path": "",
        "query_string": query.encode(),
        "headers": [(k.encode(), v.encode()) for k, v in headers.items()],
    }  # fmt: skip
    await app(scope, None, send)
    got = {k.decode(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], got, sent[1]["body"].decode()


HTML = "text/html"


@pytest.fixture
async def failed(
    served: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[Any]:
    monkeypatch.setenv("STARMODEL_RELOADS", str(tmp_path))
    application = served("SECRET = 'hidden'\nraise RuntimeError('<broken>')")
    yield application
    await application.close()  # closes the session store


async def test_failed_application_hides_the_error_from_other_clients(failed: Any) -> None:
    for path in ("/", "/anything?token=wrong"):
        status, headers, text = await request(failed, path, accept=HTML)
        assert status == 500
        assert headers["cache-control"] == "no-store"
        assert "broken" not in text
        assert "RuntimeError" not in text
    status, _, text = await request(failed, "/things", accept="application/json")
    assert status == 500
    assert "The application has an error." in text
    assert "broken" not in text


@pytest.mark.parametrize("code", ["import sys; sys.exit('no key')", "raise SystemExit(4)"])
async def test_application_that_calls_exit_is_served_as_a_failure(
    served: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str
) -> None:
    monkeypatch.setenv("STARMODEL_RELOADS", str(tmp_path))
    status, _, text = await request(served(code), "/", accept=HTML)
    assert status == 500
    assert "The application has an error" in text


async def test_failed_application_after_sign_in_shows_the_escaped_error(failed: Any) -> None:
    token = failed._token
    status, headers, _ = await request(failed, f"//evil.example/?token={token}", accept=HTML)
    assert status == 303
    assert headers["location"] == "/evil.example/"
    cookie = headers["set-cookie"].partition(";")[0]
    status, headers, text = await request(failed, "/", accept=HTML, cookie=cookie)
    assert status == 500
    assert "RuntimeError: &lt;broken&gt;" in text
    assert "<broken>" not in text
    assert "sm-line-here" in text
    assert "'unsafe-inline'" not in headers["content-security-policy"].partition("style-src")[0]


async def test_failed_application_names_the_failure_in_stream_and_health(failed: Any) -> None:
    _, headers, text = await request(
        failed, "/_starmodel/stream?token=any", accept="text/event-stream"
    )
    assert headers["content-type"] == "text/event-stream"
    assert "data: failed 1" in text
    status, headers, _ = await request(failed, "/_starmodel/health")
    assert status == 500
    assert headers["starmodel-failure"] in text


def test_build_of_watched_sources_changes_with_them(
    served: Callable[[str], Any], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("STARMODEL_RELOADS", str(tmp_path))
    source = "from starmodel import create_app\napp = create_app([])"
    first = served(source).application.gateway.frontend.build
    sys.modules.pop(MODULE)
    assert served(source + "  # changed").application.gateway.frontend.build != first
    assert "~" in first
