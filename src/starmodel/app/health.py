"""Health checks: functions that tell whether a part of the application works."""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from starmodel.app.failures import is_failure
from starmodel.core.errors import ConfigurationError

MAX_TIMEOUT_S = 60.0
MAX_REASON_CHARS = 500
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,62}")
State = Literal["ok", "failed", "timeout"]


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """A check of one part of the application, such as a mail server.

    It fails when `check` raises, returns False, or takes longer than `timeout_s`.

    Shapes: name is lower-case letters, digits, "-" and "_"; check is a coroutine function.
    Units:  timeout_s is seconds, above 0 and at most 60.
    """

    name: str
    check: Callable[[], Awaitable[object]]
    timeout_s: float = 2.0

    def __post_init__(self) -> None:
        where = f"HealthCheck({self.name!r})"
        if not isinstance(self.name, str) or not _NAME.fullmatch(self.name):
            raise ConfigurationError(
                f"{where}: expected a name of lower-case letters, digits, '-' and '_'."
            )
        if not inspect.iscoroutinefunction(self.check):
            raise ConfigurationError(
                f"{where}: check is {self.check!r}; expected a coroutine function."
            )
        is_number = isinstance(self.timeout_s, int | float) and not isinstance(self.timeout_s, bool)
        if not is_number or not 0 < self.timeout_s <= MAX_TIMEOUT_S:
            raise ConfigurationError(
                f"{where}: timeout_s is {self.timeout_s!r}; expected seconds, above 0 and at most "
                f"{MAX_TIMEOUT_S:g}."
            )


class CheckResult(NamedTuple):
    """The result of one check.

    Shapes: name is that of the plugin and of its check, "mail.server"; reason is for operators,
    not for visitors, and "" for a check that has passed.
    """

    name: str
    state: State
    reason: str = ""


class OwnedCheck(NamedTuple):
    """A check of a plugin. Shapes: hide removes values of its settings from a text."""

    plugin: str
    check: HealthCheck
    hide: Callable[[str], str]


async def run_checks(checks: Sequence[OwnedCheck]) -> list[CheckResult]:
    """The result of each check, in their order; they run concurrently."""
    return list(await asyncio.gather(*map(_run, checks)))


async def _run(owned: OwnedCheck) -> CheckResult:
    name, check = f"{owned.plugin}.{owned.check.name}", owned.check
    try:
        async with asyncio.timeout(check.timeout_s) as limit:
            passed = await check.check()
    except TimeoutError as error:
        if limit.expired():
            return CheckResult(name, "timeout", f"It takes longer than {check.timeout_s:g} s.")
        return CheckResult(name, "failed", _reason(owned, error))
    except BaseException as error:  # plugin code may raise anything
        if not is_failure(error):
            raise
        return CheckResult(name, "failed", _reason(owned, error))
    if passed is False:
        return CheckResult(name, "failed", "It returned False.")
    return CheckResult(name, "ok")


def _reason(owned: OwnedCheck, error: BaseException) -> str:
    return owned.hide(f"{type(error).__name__}: {error}".rstrip(": "))[:MAX_REASON_CHARS]
