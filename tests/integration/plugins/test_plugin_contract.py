"""The examples keep the contract of plugins, and plugins that break it are told so."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from starmodel.plugins import HealthCheck, Plugin, ResourceRoute, Route, SlotContent
from starmodel.plugins.built_in.browser_state import BrowserState
from starmodel.plugins.built_in.crud import Crud
from starmodel.plugins.built_in.dev_sign_in import DevSignIn
from starmodel.plugins.built_in.health import Health
from starmodel.testing.contracts.plugins import PluginContract

EXAMPLES = Path(__file__).parents[3] / "examples" / "plugins"


def example(name: str, package: str, cls: str) -> Plugin:
    source = str(EXAMPLES / name / "src")
    if source not in sys.path:
        sys.path.append(source)
    module = __import__(package)
    return getattr(module, cls)()


class TestAuditNotes(PluginContract):
    roles = ("auditor",)

    def plugin(self) -> Plugin:
        return example("audit_notes", "starmodel_audit_notes", "AuditNotes")


class TestColourSafe(PluginContract):
    def plugin(self) -> Plugin:
        return example("colour_safe", "starmodel_colour_safe", "ColourSafe")


class TestBackup(PluginContract):
    def plugin(self) -> Plugin:
        return example("backup", "starmodel_backup", "Backup")


class TestCrud(PluginContract):
    def plugin(self) -> Plugin:
        return Crud()


class TestHealth(PluginContract):
    def plugin(self) -> Plugin:
        return Health()


class TestDevSignIn(PluginContract):
    def plugin(self) -> Plugin:
        return DevSignIn()


class TestBrowserState(PluginContract):
    def plugin(self) -> Plugin:
        return BrowserState()


class Broken(Plugin):
    name = "broken"

    def routes(self):
        return [Route("/broken", self.fail), Route("/", self.fail)]

    def slots(self):
        return [SlotContent("start.tiles", "tile", lambda place: 1 / 0)]

    def resource_routes(self, resource):
        return [ResourceRoute("/{id}/broken", self.fail_here)]

    def health_checks(self):
        return [HealthCheck("hangs", self.hang, timeout_s=0.01)]

    async def hang(self):
        await asyncio.sleep(60)

    async def fail_here(self, exchange, resource, entity):
        raise RuntimeError

    async def fail(self, exchange):
        raise RuntimeError


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ("test_plugin_is_loaded_and_nothing_of_it_is_ignored", "GET / is a route of"),
        ("test_pages_are_served_with_its_slots_assets_and_parts", "a content of / has failed"),
        ("test_routes_do_not_fail", "GET /broken has failed"),
        ("test_routes_of_resources_do_not_fail", r"GET /contract-items/[\w-]+/broken has failed"),
        ("test_health_checks_end_within_their_time_limits", "broken.hangs: It takes longer than"),
    ],
)
def test_broken_plugin_breaks_the_contract(tmp_path, monkeypatch, test, message):
    class Suite(PluginContract):
        def plugin(self):
            return Broken()

    suite = Suite()
    served = PluginContract._served.__wrapped__(suite, tmp_path, monkeypatch)
    next(served)
    with pytest.raises(AssertionError, match=message):
        getattr(suite, test)()
    next(served, None)
