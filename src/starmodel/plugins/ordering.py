"""The order of plugins: requirements, `before` and `after`, built-in ones first, then names."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Mapping

from starmodel.plugins.plugin import Plugin
from starmodel.plugins.reports import PluginError


def ordered(
    plugins: Mapping[str, Plugin], built_in: Collection[str] = ()
) -> tuple[list[str], dict[str, PluginError]]:
    """The names in a deterministic order, and the plugins whose order is contradictory.

    The order depends on names and declarations alone, so it is the same on every machine.
    """
    later: dict[str, set[str]] = {name: set() for name in plugins}
    for name, plugin in plugins.items():
        for other in {*plugin.requires, *plugin.after} & plugins.keys():
            later[other].add(name)
        for other in set(plugin.before) & plugins.keys():
            later[name].add(other)
    waits = {name: sum(name in names for names in later.values()) for name in plugins}
    ready = [(name not in built_in, name) for name, count in waits.items() if not count]
    heapq.heapify(ready)
    order: list[str] = []
    while ready:
        _, name = heapq.heappop(ready)
        order.append(name)
        for other in later[name]:
            waits[other] -= 1
            if not waits[other]:
                heapq.heappush(ready, (other not in built_in, other))
    circular = {name: _cycle_through(name, later) for name in plugins if name not in order}
    return order, {
        name: PluginError(
            f"its order is circular: {' → '.join(cycle)}.",
            "Remove one of these from requires, before or after.",
        )
        for name, cycle in circular.items()
        if cycle
    }


def _cycle_through(name: str, later: Mapping[str, set[str]]) -> list[str]:
    """The shortest cycle through the plugin, from and to it; empty for none."""
    paths = [[name]]
    seen: set[str] = set()
    for path in paths:
        for other in sorted(later[path[-1]]):
            if other == name:
                return [*path, name]
            if other not in seen:
                seen.add(other)
                paths.append([*path, other])
    return []
