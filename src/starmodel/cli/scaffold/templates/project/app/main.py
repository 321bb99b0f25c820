"""The application factory, which `starmodel run` calls."""

from typing import Any

import starmodel

from app import views
from app.settings import settings


def create_app() -> Any:
    """The ASGI application with every entity and page of this project."""
    app = starmodel.create_app(settings=settings)  # serves all imported entities
    views.pages.to_app(app)
    return app
