"""Names of the stores of entities."""

from __future__ import annotations

from enum import StrEnum


class StateStore(StrEnum):
    """The stores that `model_config["store"]` can name."""

    SERVER_MEMORY = "server_memory"
    SERVER_SQL = "server_sql"
    SERVER_REDIS = "server_redis"
    CLIENT_SESSION = "client_session"
    CLIENT_LOCAL = "client_local"
    CUSTOM = "custom"


SHORT_NAMES = {
    "memory": StateStore.SERVER_MEMORY,
    "sql": StateStore.SERVER_SQL,
    "redis": StateStore.SERVER_REDIS,
    "session_storage": StateStore.CLIENT_SESSION,
    "local_storage": StateStore.CLIENT_LOCAL,
}
SYSTEM = "system"
"""The store of StarModel's own records, such as users: the database of its sessions."""
BROWSER_STORES = frozenset({"session_storage", "local_storage"})
LONG_NAMES = {store: short for short, store in SHORT_NAMES.items()}


def store_name(store: str) -> str:
    """The one spelling used as a key: a short name where there is one, else as given.

    >>> store_name(StateStore.SERVER_SQL), store_name("memory"), store_name("mongo")
    ('sql', 'memory', 'mongo')
    """
    try:
        return LONG_NAMES[StateStore(store)]
    except (ValueError, KeyError):
        return str(store)
