"""Loading the application in the serving process."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from starmodel.cli.serving import load

MODULE = "application_under_test"


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Load `app` of a module with the given source."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setenv("STARMODEL_TARGET", f"{MODULE}:app")

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
def test_app_is_loaded_and_a_factory_is_called(served: Callable[[str], Any], source: str) -> None:
    assert served(source) == "made"


def test_asgi_function_is_not_called(served: Callable[[str], Any]) -> None:
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
def test_mistake_ends_the_process_with_a_sentence(
    served: Callable[[str], Any], capsys: pytest.CaptureFixture[str], source: str, words: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        served(source)
    told = capsys.readouterr().err
    assert ended.value.code == 1
    assert words in told
    assert "Traceback" not in told


def test_error_of_the_application_is_shown_with_its_traceback(
    served: Callable[[str], Any], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        served("def app(): return 1 + 'x'")
    told = capsys.readouterr().err
    assert f"{MODULE}.py" in told
    assert "TypeError" in told
