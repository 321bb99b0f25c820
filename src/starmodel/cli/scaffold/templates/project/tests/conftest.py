"""Shared pytest fixtures."""

import pytest
from starmodel.testing import Visitor

from app.main import create_app


@pytest.fixture
def visitor(in_memory: None) -> Visitor:
    """A test client of a new application with empty in-memory stores."""
    return Visitor(create_app())
