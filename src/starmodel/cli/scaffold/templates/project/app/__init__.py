"""PROJECT_TITLE. `from app import app` gives the application, as ASGI servers want it."""

from typing import Any


def __getattr__(name: str) -> Any:
    """Build the application when it is first asked for, so that importing an entity stays quick."""
    if name != "app":
        raise AttributeError(f"module 'app' has no attribute {name!r}")
    from app.main import create_app

    globals()["app"] = app = create_app()
    return app
