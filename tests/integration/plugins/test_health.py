"""Health checks of plugins: at /_starmodel/health, and in `starmodel doctor`."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from starmodel import ConfigurationError, create_app
from starmodel.plugins import HealthCheck, Plugin
from starmodel.testing import Visitor
from starmodel.testing.fakes import FakeClock

HEALTH = "/_starmodel/health"


class Mail(Plugin):
    name = "mail"

    def __init__(self, *checks: Any, **settings: Any) -> None:
        super().__init__(**settings)
        self.checks, self.runs = checks, 0

    def health_checks(self):
        return [
            HealthCheck(f"check{number}", self.counted(check), timeout_s=0.05)
            for number, check in enumerate(self.checks)
        ]

    def counted(self, check):
        async def run() -> Any:
            self.runs += 1
            return await check()

        return run


async def passes() -> None:
    pass


async def returns_false() -> bool:
    return False


async def raises() -> None:
    raise OSError("the secret host is down")


async def exits() -> None:
    raise SystemExit("no")


async def times_out_itself() -> None:
    raise TimeoutError("inside")


async def hangs() -> None:
    await asyncio.sleep(60)


@pytest.fixture(autouse=True)
def _folder(tmp_path, monkeypatch, in_memory):
    monkeypatch.chdir(tmp_path)


def visitor_of(*checks: Any, **options: Any) -> Visitor:
    return Visitor(
        create_app([], plugins=[Mail(*checks)], secret_key="k" * 40, **options),
        raise_errors=False,
    )  # fmt: skip


def test_health_without_checks_is_ok() -> None:
    with visitor_of() as visitor:
        reply = visitor.get(HEALTH)
        assert (reply.status, reply.json()) == (200, {"status": "ok"})


def test_health_names_the_checks_that_pass() -> None:
    with visitor_of(passes) as visitor:
        reply = visitor.get(HEALTH)
        assert reply.status == 200
        assert reply.json() == {"status": "ok", "checks": {"mail.check0": "ok"}}
        assert reply.headers["content-type"] == "application/json"
        assert reply.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("check", "state"),
    [
        (raises, "failed"), (returns_false, "failed"), (exits, "failed"),
        (times_out_itself, "failed"), (hangs, "timeout"),
    ],
)  # fmt: skip
def test_failing_check_is_unavailable_and_its_reason_is_logged_only(
    check: Any, state: str, caplog: pytest.LogCaptureFixture
) -> None:
    with visitor_of(passes, check) as visitor:
        reply = visitor.get(HEALTH)
        assert reply.status == 503
        assert reply.json() == {
            "status": "failed", "checks": {"mail.check0": "ok", "mail.check1": state},
        }  # fmt: skip
        assert "secret" not in reply.text
    assert "The health check mail.check1 fails: " in caplog.text
    if check is raises:
        assert "OSError: the secret host is down" in caplog.text


def test_checks_run_at_most_once_a_second_and_recovery_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    working, clock = [False], FakeClock()

    async def check() -> bool:
        return working[0]

    caplog.set_level(logging.INFO, "starmodel.health")
    plugin = Mail(check)
    app = create_app([], plugins=[plugin], secret_key="k" * 40, clock=clock)
    with Visitor(app, raise_errors=False) as visitor:
        assert [visitor.get(HEALTH).status for _ in range(5)] == [503] * 5
        assert plugin.runs == 1
        working[0] = True
        clock.now += 2
        assert visitor.get(HEALTH).status == 200
        assert plugin.runs == 2
    assert caplog.text.count("fails") == 1
    assert "The health check mail.check0 passes again" in caplog.text


def test_concurrent_requests_share_one_run_also_when_one_disconnects() -> None:
    started = asyncio.Event()

    async def check() -> None:
        started.set()
        await asyncio.sleep(0.02)

    plugin = Mail(check)
    app = create_app([], plugins=[plugin], secret_key="k" * 40)

    async def request() -> int:
        statuses = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            statuses.append(message.get("status"))

        scope = {
            "type": "http", "method": "GET", "path": HEALTH, "raw_path": HEALTH.encode(),
            "query_string": b"", "headers": [(b"host", b"testserver")], "root_path": "",
        }  # fmt: skip
        await app(scope, receive, send)
        return statuses[0]

    async def run() -> list[Any]:
        gone = asyncio.create_task(request())
        others = [asyncio.create_task(request()) for _ in range(5)]
        await started.wait()
        gone.cancel()
        return await asyncio.gather(*others)

    assert asyncio.run(run()) == [200] * 5
    assert plugin.runs == 1
    assert asyncio.run(request()) == 200  # in another event loop


def test_health_needs_no_session_and_sets_no_cookie() -> None:
    async def guard(request: Any, session: Any) -> Any:
        raise AssertionError("not called")

    with visitor_of(passes, before=guard) as visitor:
        assert "set-cookie" not in visitor.get(HEALTH).headers


INVALID: dict[str, tuple[Any, str]] = {
    "name": (("No!", passes), "lower-case letters"),
    "function": (("x", lambda: None), "a coroutine function"),
    "zero": (("x", passes, 0), "seconds, above 0"),
    "long": (("x", passes, 61), "at most 60"),
    "bool": (("x", passes, True), "seconds, above 0"),
    "text": (("x", passes, "2"), "seconds, above 0"),
}


@pytest.mark.parametrize(("arguments", "message"), INVALID.values(), ids=INVALID)
def test_invalid_check_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        HealthCheck(*arguments)


def test_two_checks_of_one_name_are_a_failure_of_the_plugin() -> None:
    class Twice(Plugin):
        name = "twice"

        def health_checks(self):
            return [HealthCheck("a", passes), HealthCheck("a", passes)]

    report = create_app([], plugins=[Twice()]).starmodel.plugins.report("twice")
    assert (report.state, report.reason) == ("failed", "it has two health checks named 'a'.")
