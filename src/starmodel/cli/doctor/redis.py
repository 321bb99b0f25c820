"""Checks of the Redis server: its version, what it evicts, and what a restart loses."""

from __future__ import annotations

from starmodel.adapters.persistence.redis.repository import RedisRepository
from starmodel.adapters.persistence.redis.server.checks import ServerInfo
from starmodel.adapters.persistence.redis.upkeep import facts_of
from starmodel.app.application import Application
from starmodel.cli.doctor.finding import Finding


async def redis_findings(application: Application) -> list[Finding]:
    """The findings about the server that the open Redis store uses."""
    for store in application.persistence.repositories():
        if isinstance(store, RedisRepository):
            return findings_of(await facts_of(store), store.store.link.place)
    return []


def findings_of(info: ServerInfo, place: str) -> list[Finding]:
    """The findings about a server. Shapes: place is "host:port"."""
    found = [Finding("ok", "redis", f"{info.title} at {place} can be reached and written.")]
    if info.evicts_records:
        found.append(Finding(
            "problem", "redis", f"Its maxmemory-policy {info.eviction_policy} deletes records "
            "without notice when the memory is full.",
            "Set maxmemory-policy noeviction in its configuration.",
        ))  # fmt: skip
    if info.facts and info.persistence == "none":
        found.append(Finding(
            "warning", "redis", "It has no persistence: a restart loses every record.",
            "Set appendonly yes in its configuration.",
        ))  # fmt: skip
    elif info.persistence == "snapshots":
        found.append(Finding(
            "note", "redis", "It writes snapshots: a restart loses the changes since the last one.",
            "Set appendonly yes in its configuration to lose at most a second.",
        ))  # fmt: skip
    return found
