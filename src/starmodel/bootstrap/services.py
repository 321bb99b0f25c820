"""Factories of stores, sessions and the event bus from settings."""

from __future__ import annotations

import functools
import importlib
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starmodel.adapters.persistence.memory import MemoryRepository
from starmodel.adapters.persistence.system.attempts.memory import MemoryAttempts
from starmodel.adapters.persistence.system.attempts.sql import SqlAttempts
from starmodel.adapters.persistence.system.connection import SystemDatabase
from starmodel.adapters.persistence.system.database import DatabaseSessions
from starmodel.adapters.persistence.system.one_time.memory import MemoryOneTime
from starmodel.adapters.persistence.system.one_time.sql import SqlOneTime
from starmodel.adapters.persistence.system.saved_views.sql import SqlSavedViews
from starmodel.adapters.persistence.system.tokens.memory import MemoryTokens
from starmodel.adapters.persistence.system.tokens.sql import SqlTokens
from starmodel.adapters.web.http.sessions import CookieSessions
from starmodel.app.bus import InProcessBus
from starmodel.app.credentials.credentials import CredentialStores
from starmodel.app.credentials.tokens.tokens import Tokens
from starmodel.app.ports.bus import EventBus
from starmodel.app.ports.clock import Clock, system_clock
from starmodel.app.ports.repository import Repository
from starmodel.app.ports.sessions import SessionStore
from starmodel.app.sessions.cache import SessionCache
from starmodel.config import Settings
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.stores import SYSTEM

if TYPE_CHECKING:
    from starmodel.adapters.persistence.redis.repository import RedisRepository
    from starmodel.migrations.starting import Start

DAY_S = 24 * 3600.0
PRIVATE_SQLITE = "sqlite://"
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"


def built_in_stores(settings: Settings, clock: Clock) -> dict[str, Callable[[], Repository]]:
    """The factories of built-in stores; a driver is imported when its factory is called."""

    def memory() -> Repository:
        return MemoryRepository(
            max_entries=settings.memory_max_entries,
            max_bytes=settings.memory_max_bytes,
            clock=clock,
        )

    def database(url: str) -> Repository:
        from starmodel.adapters.persistence.sql.repository import SqlRepository

        return SqlRepository(
            url,
            synchronous=settings.sqlite_synchronous,
            pool_size=settings.database_pool_size,
            timeout_s=settings.database_timeout_s,
            clock=clock,
            opening=partial(_opening, settings, url),
        )

    @functools.cache  # one repository, so that a commit may change records of both stores
    def sql() -> Repository:
        return database(settings.database_url)

    def system() -> Repository:
        url = settings.system_store or settings.database_url
        return sql() if url == settings.database_url else database(url)

    def browser() -> Repository:
        from starmodel.adapters.persistence.browser import BrowserRepository

        return BrowserRepository(clock=clock)

    def redis() -> Repository:
        return redis_store(settings, clock)

    return {
        "memory": memory, "sql": sql, "redis": redis, SYSTEM: system, "session_storage": browser,
        "local_storage": browser,
    }  # fmt: skip


def redis_store(settings: Settings, clock: Clock = system_clock) -> RedisRepository:
    """The Redis store of the settings. Raises: ConfigurationError, without its client."""
    try:
        from starmodel.adapters.persistence.redis.repository import RedisRepository
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in ("redis", "hiredis"):
            raise
        raise ConfigurationError(
            "The store 'redis' needs the package redis, which is not installed. Install it with "
            "pip install 'starmodel[redis]', or use another store."
        ) from error
    return RedisRepository(
        settings.redis_url or DEFAULT_REDIS_URL,
        prefix=settings.redis_prefix,
        timeout_s=settings.redis_timeout_s,
        clock=clock,
    )


@asynccontextmanager
async def _opening(
    settings: Settings, url: str, types: Sequence[EntityType]
) -> AsyncIterator[list[str]]:
    """Prepare StarModel's own tables, then check and migrate the others."""
    others = [entity_type for entity_type in types if entity_type.store != SYSTEM]
    if len(others) < len(types) and url != PRIVATE_SQLITE:
        from starmodel.adapters.persistence.system.entity_tables import prepare_entity_tables

        await prepare_entity_tables(
            SystemDatabase(
                url,
                synchronous=settings.sqlite_synchronous,
                timeout_s=settings.database_timeout_s,
            )
        )
    async with start_on_database(settings, settings.database_url).opening(others) as said:
        yield said


def start_on_database(settings: Settings, url: str) -> Start:
    """How a database of the SQL store is checked and migrated when it is opened."""
    from starmodel.migrations.starting import Start

    return Start(
        url,
        Path(settings.migrations_folder),
        production=settings.env == "production",
        migrates=settings.migrate_on_start,
    )


def database_sessions(settings: Settings) -> SessionStore:
    """The store of server-side sessions; its connection opens on first use."""
    return DatabaseSessions(
        settings.system_store or settings.database_url,
        synchronous=settings.sqlite_synchronous,
        timeout_s=settings.database_timeout_s,
    )


def _system_database(settings: Settings) -> SystemDatabase:
    return SystemDatabase(
        settings.system_store or settings.database_url,
        synchronous=settings.sqlite_synchronous,
        timeout_s=settings.database_timeout_s,
    )


def database_views(settings: Settings, clock: Clock) -> SqlSavedViews:
    """The store of saved views; its connection opens on first use."""
    return SqlSavedViews(_system_database(settings), clock)


def database_credentials(settings: Settings) -> CredentialStores:
    """The stores of credentials; their connection opens on first use."""
    database = _system_database(settings)
    return CredentialStores(
        one_time=SqlOneTime(database),
        attempts=SqlAttempts(database),
        tokens=SqlTokens(database),
    )


def memory_credentials() -> CredentialStores:
    """The stores of credentials in memory, for tests."""
    return CredentialStores(
        one_time=MemoryOneTime(), attempts=MemoryAttempts(), tokens=MemoryTokens()
    )


def session_cache(
    settings: Settings, store: SessionStore, clock: Clock, **options: Any
) -> SessionCache:
    """The cache in front of a session store."""
    return SessionCache(
        store,
        clock=clock,
        idle_s=settings.session_idle_days * DAY_S,
        absolute_s=settings.session_max_days * DAY_S,
        **options,
    )


def cookie_sessions(
    settings: Settings,
    secrets: Sequence[str],
    cache: SessionCache,
    clock: Clock = system_clock,
    tokens: Tokens | None = None,
) -> CookieSessions:
    """Signed-cookie sessions with these settings."""
    url = urlsplit(settings.public_url or "")
    return CookieSessions(
        secrets,
        cache,
        secure=bool(settings.cookie_secure),
        development=settings.env == "development",
        port=None if not url.netloc else str(url.port or ""),
        clock=clock,
        tokens=tokens,
    )


def event_bus(settings: Settings) -> EventBus:
    """The event bus of the settings. Raises: ConfigurationError, for an unknown bus."""
    if settings.event_bus == "memory":
        return InProcessBus()
    if ":" in settings.event_bus:
        module, _, name = settings.event_bus.partition(":")
        try:
            made: EventBus = getattr(importlib.import_module(module), name)()
        except (ImportError, AttributeError) as error:
            raise ConfigurationError(
                f"event_bus is {settings.event_bus!r}, which can't be loaded: {error}."
            ) from error
        return made
    raise ConfigurationError(
        f"event_bus is {settings.event_bus!r}; available are 'memory' and 'package.module:Class'."
    )
