"""The application factory, which `starmodel run` calls."""

from typing import Any

import starmodel

from app import views
from app.settings import settings


def create_app() -> Any:
    """The ASGI application with every entity and page of this project."""
    # It serves all imported entities.
    return starmodel.create_app(settings=settings, pages=[views.home])
