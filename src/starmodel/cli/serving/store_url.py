"""The database of the SQL store of an application."""

from __future__ import annotations

from starmodel.app.application import Application
from starmodel.config import Settings


def store_url(application: Application, settings: Settings) -> str | None:
    """Return the URL of the SQL store, which is not opened.

    It is the setting `database_url`, unless `create_app(stores={"sql": …})` names another
    database.

    Returns: None, when that store is no SqlRepository.
    Raises: ConfigurationError, when the store can't be built.
    """
    entity_type = next((each for each in application.registry if each.store == "sql"), None)
    if entity_type is None:
        return settings.database_url
    from starmodel.adapters.persistence.sql.repository import SqlRepository

    store = application.persistence.for_class(entity_type.cls)
    return store.url if isinstance(store, SqlRepository) else None
