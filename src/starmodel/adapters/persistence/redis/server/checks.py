"""What a Redis server is and permits, checked when the store opens."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError

from starmodel.adapters.persistence.redis.server.connection import RedisLink
from starmodel.adapters.persistence.redis.server.failures import CONNECTION_ERRORS, code_of
from starmodel.core.errors import ConfigurationError, StoreError, StoreUnavailableError

log = logging.getLogger("starmodel.redis")
OLDEST = (7, 0)
EVICTING = "allkeys-"


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """The facts of `INFO` that matter to the store; empty where it is not permitted."""

    facts: Mapping[str, str]

    @property
    def title(self) -> str:
        """The name and version, such as "Redis 7.0.15"."""
        valkey = self.facts.get("valkey_version")
        return f"Valkey {valkey}" if valkey else f"Redis {self.facts.get('redis_version', '?')}"

    @property
    def is_too_old(self) -> bool:
        parts = self.facts.get("redis_version", "7.0").split(".")[:2]
        return tuple(int(part) for part in parts if part.isdigit()) < OLDEST

    @property
    def is_replica(self) -> bool:
        return self.facts.get("role") == "slave"

    @property
    def is_cluster(self) -> bool:
        return self.facts.get("cluster_enabled") == "1"

    @property
    def eviction_policy(self) -> str:
        return self.facts.get("maxmemory_policy", "")

    @property
    def evicts_records(self) -> bool:
        """Whether the server deletes records of any class when its memory is full."""
        return self.eviction_policy.startswith(EVICTING)

    @property
    def persistence(self) -> str:
        """How data survives a restart: "append-only file", "snapshots", "none" or "unknown"."""
        if self.facts.get("aof_enabled") == "1":
            return "append-only file"
        schedule = self.facts.get("save")
        return "unknown" if schedule is None else "snapshots" if schedule else "none"


async def server_info(link: RedisLink) -> ServerInfo:
    """The facts of the server. Raises: ConfigurationError, when it can't be used."""
    try:
        await link.call("PING")
        raw = await link.call("INFO", "everything")
    except (StoreError, RedisError) as error:
        cause = error.__cause__
        if cause is not None and code_of(cause) == "NOPERM":
            log.warning("Redis does not permit INFO, so its version and settings are unchecked")
            return ServerInfo({})
        raise ConfigurationError(_unusable(link.place, error, cause)) from error
    text = raw.decode("utf-8", "replace") if isinstance(raw, bytes) else str(raw)
    pairs = (line.split(":", 1) for line in text.splitlines() if ":" in line)
    facts = {words[0]: words[1] for words in pairs}
    with contextlib.suppress(StoreError):  # not permitted by many hosted servers
        replies = await link.call("CONFIG", "GET", "save")
        facts["save"] = reply_text(replies[1]) if replies else ""
    return ServerInfo(facts)


def _unusable(place: str, error: BaseException, cause: BaseException | None) -> str:
    if "DB index" in str(cause) or "SELECT is not allowed" in str(cause):
        return (
            f"Redis at {place} does not have the database that redis_url names ({cause}). Use "
            "/0 at its end, and redis_prefix to keep applications apart."
        )
    if isinstance(error, StoreUnavailableError) and isinstance(cause, CONNECTION_ERRORS):
        return (
            f"The store 'redis' can't be opened: Redis at {place} can't be reached ({cause}). "
            "Start the server, or correct redis_url."
        )
    return f"The store 'redis' can't be opened. {error}"


def check_server(info: ServerInfo, place: str, *, has_hash_tag: bool, prefix: str) -> None:
    """Refuse a server that the store can't use. Raises: ConfigurationError."""
    if info.is_too_old:
        raise ConfigurationError(
            f"{info.title} at {place} is too old; the store needs Redis "
            f"{'.'.join(map(str, OLDEST))} or later, or Valkey. Upgrade the server."
        )
    if info.is_replica:
        raise ConfigurationError(
            f"{info.title} at {place} is a read-only replica of "
            f"{info.facts.get('master_host', '?')}:{info.facts.get('master_port', '?')}. Let "
            "redis_url name the primary."
        )
    if info.is_cluster and not has_hash_tag:
        raise ConfigurationError(
            f"Redis at {place} is a cluster, where one batch changes only keys of one hash slot, "
            f"and redis_prefix is {prefix!r}. Set redis_prefix to {'{' + prefix + '}'!r}, so that "
            "all keys are in one slot."
        )
    if info.evicts_records:
        log.warning(
            "Redis at %s has maxmemory-policy %s, so it deletes records without notice when its "
            "memory is full. Set it to noeviction, or to a volatile policy to lose only records "
            "with a ttl", place, info.eviction_policy,
        )  # fmt: skip


def reply_text(reply: Any) -> str:
    """A reply as text."""
    return reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply)
