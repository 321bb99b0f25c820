"""Fixtures and markers of every test level."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import settings

from databases import (
    SERVERS,
    emptied_redis,
    mariadb_server,
    mysql_server,
    postgresql_server,
    redis_server,
)
from private_server import PrivateServer

# The same examples in every run; HYPOTHESIS_PROFILE=random looks for new ones.
settings.register_profile("fixed", derandomize=True, deadline=None)
settings.register_profile("random", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fixed"))

IN_CI = os.environ.get("CI", "").lower() in ("1", "true")
# The headless shell, the same engine without a window, takes half the CPU of the others.
BROWSERS = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome-stable",
    "google-chrome",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests with a database server among their parameters.

    Slow tests repeat what other tests cover, so they run without the tracer of coverage, which
    doubles their time.
    """
    for item in items:
        if item.get_closest_marker("slow") is not None:
            item.add_marker("no_cover")
        given = getattr(item, "callspec", None)
        if given is not None and any(
            isinstance(value, str) and value in (*SERVERS, "redis")
            for value in given.params.values()
        ):
            item.add_marker("server")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium that e2e tests drive; skips where there is none."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        pytest.skip("needs Chromium on PATH: apt-get install chromium")
    return found


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PrivateServer]:
    """A private PostgreSQL server; skips where it is not installed."""
    with postgresql_server() as server:
        yield server


@pytest.fixture(scope="session")
def mariadb() -> Iterator[PrivateServer]:
    """A private MariaDB server; skips where it is not installed."""
    with mariadb_server() as server:
        yield server


@pytest.fixture(scope="session")
def mysql() -> Iterator[PrivateServer]:
    """A private MySQL server; only where `SERVERS` has it."""
    with mysql_server() as server:
        yield server


@pytest.fixture(scope="session")
def redis() -> Iterator[PrivateServer]:
    """A private Redis server; skips where it is not installed."""
    with redis_server() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql: PrivateServer) -> str:
    return postgresql.url


@pytest.fixture
def mariadb_url(mariadb: PrivateServer) -> str:
    return mariadb.url


@pytest.fixture
def mysql_url(mysql: PrivateServer) -> str:
    return mysql.url


@pytest.fixture
def redis_url(redis: PrivateServer) -> str:
    """The URL of an empty Redis server."""
    return emptied_redis(redis.url)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _no_skips_in_ci((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _no_skips_in_ci((yield))


def _no_skips_in_ci(report: Any) -> Any:
    """Turn a skip into a failure where CI is true: every dependency must be installed there."""
    if IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"Skipped, which CI does not allow: {report.longrepr}"
    return report
