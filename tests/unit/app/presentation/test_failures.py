"""Developer's view of an exception: frames, source lines and arguments."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from starmodel.app.presentation.failures import own_frames, own_traceback

Fail = Callable[..., BaseException]


@pytest.fixture
def fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fail]:
    """The exception raised by importing `shop` with these sources."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.chdir(tmp_path)

    def fail(**sources: str) -> BaseException:
        for name, source in sources.items():
            (tmp_path / f"{name}.py").write_text(source)
        with pytest.raises(Exception) as raised:  # noqa: PT011 - of many kinds
            importlib.import_module("shop")
        return raised.value

    yield fail
    for name in ("shop", "parts"):
        sys.modules.pop(name, None)


def test_frames_are_those_of_the_application(fail: Fail) -> None:
    error = fail(
        shop="import parts\n",
        parts="import json\n\n\ndef load():\n    json.loads('{')\n\n\nload()\n",
    )
    assert isinstance(error, json.JSONDecodeError)
    frames = [frame for frame in own_frames(error) if frame.file.endswith(("shop.py", "parts.py"))]
    assert [(f.file, f.line, f.function) for f in frames] == [
        ("shop.py", 1, ""),
        ("parts.py", 8, ""),
        ("parts.py", 5, "load"),
    ]
    assert (5, "    json.loads('{')") in frames[-1].code
    traceback_text = own_traceback(error)
    assert "shop.py" in traceback_text
    assert "JSONDecodeError" in traceback_text
    assert "frozen importlib" not in traceback_text
    assert "decoder.py" not in traceback_text


def test_syntax_error_is_the_last_frame(fail: Fail) -> None:
    error = fail(shop="import parts\n", parts="x = 1\ndef f(:\n")
    frame = own_frames(error)[-1]
    assert (frame.file, frame.line) == ("parts.py", 2)
    assert (2, "def f(:") in frame.code
    assert "frozen importlib" not in own_traceback(error)


def test_cause_is_included(fail: Fail) -> None:
    source = (
        "try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise RuntimeError('no') from e\n"
    )
    traceback_text = own_traceback(fail(shop=source))
    assert "ZeroDivisionError" in traceback_text
    assert "direct cause" in traceback_text


def test_changed_file_shows_current_source(fail: Fail) -> None:
    first = fail(shop="raise RuntimeError('one')\n")
    assert own_frames(first)[-1].code == ((1, "raise RuntimeError('one')"),)
    sys.modules.pop("shop", None)
    importlib.invalidate_caches()
    second = fail(shop="# longer now\nraise RuntimeError('two')\n")
    assert own_frames(second)[-1].code[-1] == (2, "raise RuntimeError('two')")


def test_exception_without_application_frames_keeps_all_frames() -> None:
    error = json.JSONDecodeError("Expecting value", "{", 1)
    assert "JSONDecodeError" in own_traceback(error)
    assert own_frames(error) == []
