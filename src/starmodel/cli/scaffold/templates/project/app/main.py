"""Puts the application together; `starmodel run` calls `create_app`."""

from typing import Any

import starmodel

from app import views
from app.settings import settings


def create_app() -> Any:
    """A new application with every entity and page of this project."""
    app = starmodel.create_app(settings=settings)  # takes all entities that are imported by now
    views.pages.to_app(app)
    return app
