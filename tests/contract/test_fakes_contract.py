"""The shipped fakes pass the contract of the ports that they implement."""

from __future__ import annotations

from starmodel.app.ports.clock import Clock
from starmodel.app.ports.repository import Repository
from starmodel.testing.contracts import RepositoryContract
from starmodel.testing.fakes import FakeTransactionalRepository


class TestFakeTransactionalRepository(RepositoryContract):
    def make_repository(self, clock: Clock) -> Repository:
        return FakeTransactionalRepository(clock=clock)
