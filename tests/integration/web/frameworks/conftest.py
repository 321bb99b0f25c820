"""Starlette applications and their visitors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from starlette.applications import Starlette

from starmodel import Entity, configure_app, create_app
from starmodel.testing import Visitor, memory_stores


@pytest.fixture
def starlette() -> Iterator[Callable[..., Visitor]]:
    """`starlette(Counter, routes=[…])`: the first visitor of a new application."""
    with memory_stores():

        def make(*entities: type[Entity], **options: Any) -> Visitor:
            return Visitor(create_app(entities, web="starlette", **options), raise_errors=False)

        yield make


@pytest.fixture
def configured() -> Iterator[Callable[..., Visitor]]:
    """`configured(app, Counter)`: the first visitor of an existing application."""
    with memory_stores():

        def make(app: Starlette, *entities: type[Entity], **options: Any) -> Visitor:
            return Visitor(configure_app(app, entities, **options), raise_errors=False)

        yield make
