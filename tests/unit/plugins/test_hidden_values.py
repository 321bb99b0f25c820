"""Values of a plugin's settings appear in no report, note or log record."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr, field_validator, model_validator

from starmodel.core.errors import ConfigurationError
from starmodel.plugins import Plugin
from starmodel.plugins.host import note_ignored
from starmodel.plugins.lifecycle import Lifecycle

KEY = "sk-live-Abc123"


class Refused(BaseModel):
    api_key: str

    @field_validator("api_key")
    @classmethod
    def check(cls, value: str) -> str:
        raise ValueError(f"{value} must begin with 'pk-'")


class RefusedTogether(BaseModel):
    api_key: str
    user: str = "ann"

    @model_validator(mode="after")
    def check(self) -> RefusedTogether:
        raise ValueError(f"the key {self.api_key!r} is not of {self.user}")


class Kind(BaseModel):
    api_key: SecretStr


class Accepted(BaseModel):
    api_key: Any


def plugin(settings: type[BaseModel], **members: Any) -> Plugin:
    return type("Mail", (Plugin,), {"name": "mail", "Settings": settings, **members})()


def report_of(host: Any, made: Plugin, caplog: Any, value: Any = KEY) -> str:
    with caplog.at_level(logging.DEBUG):
        (report,) = host(made, tables={"mail": {"api_key": value}}).reports
    assert report.state == "failed"
    for text in (report.sentence, caplog.text, repr(report)):
        assert "abc123" not in text.lower()
    return str(report.sentence)


def test_message_of_a_validator_is_reported_without_the_value(host, caplog):
    text = report_of(host, plugin(Refused), caplog)
    assert "api_key (… must begin with 'pk-')" in text
    assert "[starmodel.plugin.mail]" in text


def test_message_about_several_settings_is_reported_without_their_values(host, caplog):
    assert "the key '…' is not of ann" in report_of(host, plugin(RefusedTogether), caplog)


@pytest.mark.parametrize("value", [[KEY], {"of": {"ann": KEY}}, KEY.encode()])
def test_values_inside_lists_and_tables_are_hidden(host, caplog, value):
    def nav(self: Plugin) -> Any:
        raise RuntimeError(f"refused: {self.settings.api_key}")

    assert "RuntimeError: refused" in report_of(host, plugin(Accepted, nav=nav), caplog, value)


def test_exception_and_result_of_a_method_are_reported_without_the_value(host, caplog):
    def fail(self: Plugin) -> Any:
        raise ConnectionError(f"login with {self.settings.api_key.get_secret_value()} failed")

    text = report_of(host, plugin(Kind, nav=fail), caplog)
    assert "ConnectionError: login with … failed in nav()." in text
    value = lambda self: [self.settings.api_key.get_secret_value()]  # noqa: E731 - a method
    assert "nav() returns '…'" in report_of(host, plugin(Kind, nav=value), caplog)


def test_cause_of_a_failed_startup_is_logged_without_the_value(host, caplog):
    async def fail(self: Plugin, application: Any) -> None:
        raise ConnectionError(f"login with {KEY} failed") from ValueError(KEY)

    made = plugin(Kind, on_startup=fail, on_shutdown=fail)
    loaded = host(made, tables={"mail": {"api_key": KEY}})
    lifecycle = Lifecycle(loaded)
    asyncio.run(lifecycle.start(None))
    asyncio.run(lifecycle.stop(None))
    assert caplog.text.count("ConnectionError: login with … failed") == 3  # a sentence, two causes
    assert "Traceback" in caplog.text
    assert KEY not in caplog.text
    note_ignored(loaded.loaded[0], f"{KEY} is taken.")
    assert loaded.reports[0].notes == ["… is taken."]
    assert KEY not in caplog.text

    loaded.required = ("mail",)
    with pytest.raises(ConfigurationError) as failure:
        asyncio.run(Lifecycle(loaded).start(None))
    assert KEY not in str(failure.value)
    assert failure.value.__suppress_context__


def test_short_and_plain_values_leave_messages_readable(host):
    def fail(self: Plugin) -> Any:
        raise ValueError("at least 3 of a true kind")

    made = plugin(Accepted, nav=fail)
    (report,) = host(made, tables={"mail": {"api_key": [3, True, "a"]}}).reports
    assert "at least 3 of a true kind" in report.reason
