"""What the tests share."""

import pytest
from starmodel.testing import Visitor

from app.main import create_app


@pytest.fixture
def visitor(in_memory: None) -> Visitor:
    """Somebody who opens a new, empty application; no file and no database is touched."""
    return Visitor(create_app())
