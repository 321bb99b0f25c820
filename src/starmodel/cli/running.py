"""The application factory of `starmodel run`: loads, settles the database, and serves."""

from __future__ import annotations

from typing import Any

from starmodel.app.application import Application
from starmodel.cli.serving import server


def load() -> Any:
    """As `server.load`; in development the database is brought to the classes where possible."""
    return server.load(_settle)


async def _settle(app: Any) -> None:
    application = getattr(app, "starmodel", None)
    if not isinstance(application, Application):
        return
    if any(entity_type.store == "sql" for entity_type in application.registry):
        from starmodel.cli.migrations.development import settle

        await settle(app)
