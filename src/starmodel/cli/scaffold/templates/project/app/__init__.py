"""PROJECT_TITLE. `from app import app` imports the ASGI application."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Build the application on first access, so that importing an entity stays fast."""
    if name != "app":
        raise AttributeError(f"module 'app' has no attribute {name!r}")
    from app.main import create_app

    globals()["app"] = app = create_app()
    return app
