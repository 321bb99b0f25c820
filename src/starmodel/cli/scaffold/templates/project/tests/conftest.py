"""What the tests share."""

import os
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

# Before the settings are read: tests never touch the database of the application.
os.environ["STARMODEL_DATABASE_URL"] = "sqlite:///:memory:"


@pytest.fixture
def client() -> Iterator[TestClient]:
    """A visitor of a new, empty application."""
    from app.main import create_app

    # Browsers say where a request comes from; without it, cookies change nothing.
    with TestClient(create_app(), headers={"origin": "http://testserver"}) as client:
        yield client
