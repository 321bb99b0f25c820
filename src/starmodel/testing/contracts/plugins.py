"""The contract suite of plugins, for their authors."""
# ruff: noqa: S101, RUF012 - its subclasses are tests, and `model_config` is pydantic's

import abc
import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from starmodel.app.health import CheckResult, run_checks
from starmodel.core.entity import Entity
from starmodel.plugins import Plugin, ResourceRoute
from starmodel.testing.stores import memory_stores
from starmodel.testing.visitor import Visitor

SECRET = "k" * 40


class PluginContract(abc.ABC):
    """What an application expects of any plugin, as pytest tests.

    A subclass implements `plugin`. Each test runs an application with one more entity class,
    the plugin, and in-memory stores.
    """

    roles: tuple[str, ...] = ()
    """The roles of the signed-in visitor, for routes and contents that require some."""

    @abc.abstractmethod
    def plugin(self) -> Plugin:
        """A new instance of the plugin, with valid settings."""

    @pytest.fixture(autouse=True)
    def _served(self, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        from starmodel.bootstrap import create_app

        class ContractItem(Entity):
            model_config = {"scope": "record", "access": "public", "path": "contract-items"}
            name: str = "item"

        monkeypatch.chdir(tmp_path)
        with memory_stores():
            self.app = create_app([ContractItem], plugins=[self.plugin()], secret_key=SECRET)
            self.name = self.plugin().name
            yield

    def test_plugin_is_loaded_and_nothing_of_it_is_ignored(self) -> None:
        report = self.app.starmodel.plugins.report(self.name)
        assert report is not None
        assert (report.state, report.reason) == ("on", "")
        ignored = [note for note in report.notes if not note.startswith("It is also")]
        assert ignored == []

    def test_contributions_are_the_same_for_each_application(self) -> None:
        first, second = self.plugin(), self.plugin()
        assert [route.path for route in first.routes()] == [r.path for r in second.routes()]
        assert list(first.entities()) == list(second.entities())
        assert first.commands().keys() == second.commands().keys()

    def test_importing_and_loading_it_prints_nothing(self, capsys: Any) -> None:
        self.plugin()
        assert capsys.readouterr().out == ""

    def test_pages_are_served_with_its_slots_assets_and_parts(self) -> None:
        with Visitor(self.app) as visitor:
            visitor.sign_in("ann", roles=self.roles)
            created = visitor.post("/contract-items", {"name": "item"}).json()["entity"]
            for path in ("/", "/contract-items", f"/contract-items/{created['id']}"):
                page = visitor.open(path)
                assert page.status == 200
                assert not page.has(".sm-slot-error"), f"a content of {path} has failed"
            for link in visitor.open("/").all("link[rel=stylesheet], script[src]"):
                url = link["href"] or link["src"]
                assert visitor.get(url).status == 200

    def test_routes_do_not_fail(self) -> None:
        with Visitor(self.app, raise_errors=False) as visitor:
            visitor.sign_in("ann", roles=self.roles)
            for route in self.plugin().routes():
                for method in route.methods:
                    reply = visitor.request(method, route.path)
                    assert reply.status < 500, f"{method} {route.path} has failed"

    def test_routes_of_resources_do_not_fail(self) -> None:
        with Visitor(self.app, raise_errors=False) as visitor:
            visitor.sign_in("ann", roles=self.roles)
            created = visitor.post("/contract-items", {"name": "item"}).json()["entity"]
            (made,) = [
                made for made in self.app.starmodel.plugins.loaded if made.plugin.name == self.name
            ]
            for route in made.resource_routes.get("ContractItem", []):
                if isinstance(route, ResourceRoute) and not route.page:
                    path = f"/contract-items{route.at}".replace("{id}", created["id"])
                    for method in route.methods:
                        reply = visitor.request(method, path)
                        assert reply.status < 500, f"{method} {path} has failed"

    def test_health_checks_end_within_their_time_limits(self) -> None:
        application = self.app.starmodel

        async def run() -> list[CheckResult]:
            await application.ready()
            try:
                return await run_checks(application.extensions.health_checks)
            finally:
                await application.close()

        for result in asyncio.run(run()):
            assert result.state != "timeout", f"{result.name}: {result.reason}"

    def test_guests_are_refused_where_access_requires_somebody(self) -> None:
        with Visitor(self.app, raise_errors=False) as guest:
            for route in self.plugin().routes():
                if route.access != "public" and isinstance(route.access, str):
                    for method in route.methods:
                        reply = guest.request(method, route.path)
                        assert reply.status in (401, 403), f"{route.path} is open to guests"

    def test_hooks_run_at_startup_and_shutdown(self) -> None:
        application = self.app.starmodel

        async def run() -> None:
            await application.ready()
            await application.close()

        asyncio.run(run())
        assert application.plugins.report(self.name).state == "on"
