"""Contract suites: test classes that a backend inherits."""

from __future__ import annotations

from starmodel.testing.contracts.concurrency import (
    BetweenContract,
    ConcurrencyContract,
    LockingContract,
)
from starmodel.testing.contracts.markers import ExpiryContract, MarkersContract
from starmodel.testing.contracts.queries import QueriesContract
from starmodel.testing.contracts.windows import WindowsContract
from starmodel.testing.contracts.writes import WritesContract
from starmodel.testing.fakes import FakeClock

__all__ = ["FakeClock", "RepositoryContract"]


class RepositoryContract(
    WritesContract,
    MarkersContract,
    ExpiryContract,
    QueriesContract,
    WindowsContract,
    ConcurrencyContract,
    BetweenContract,
    LockingContract,
):
    """The contract of `starmodel.app.ports.repository.Repository`, as pytest tests.

    Inherit it in a class named Test… whose `make_repository(self, clock)`
    returns a repository; a backend with its own clock also overrides
    `let_pass`. The tests need no pytest plugin. Not covered, because the port
    does not expose it: that an update writes only its patch.
    """
