"""The behaviour of pydantic-settings that reading settings relies on."""

from __future__ import annotations

from typing import Any

from pydantic_settings import BaseSettings, InitSettingsSource

CHANGED = "pydantic-settings no longer takes ready sources as _build_sources, highest first"


class Sample(BaseSettings):
    a: str = "default"
    b: str = "default"


class Recording(InitSettingsSource):
    def __call__(self) -> dict[str, Any]:
        self.seen = dict(self.current_state)
        return super().__call__()


def test_sources_are_given_and_see_the_values_of_those_above(monkeypatch):
    monkeypatch.setenv("A", "environment")
    upper = Recording(Sample, {"a": "upper"})
    lower = Recording(Sample, {"a": "lower", "b": "lower"})
    build: Any = Sample
    sample = build(_build_sources=((upper, lower), {}))
    assert (sample.a, sample.b) == ("upper", "lower"), CHANGED
    assert (upper.seen, lower.seen) == ({}, {"a": "upper"}), "current_state has changed"
    assert build(_build_sources=((lower,), {})).a == "lower", "the environment is read as well"
