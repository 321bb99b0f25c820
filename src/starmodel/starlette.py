"""Endpoints and pages of Starlette applications; importing this loads Starlette."""

from starmodel.adapters.web.frameworks.starlette.endpoints import endpoint
from starmodel.adapters.web.frameworks.starlette.pages import (
    PageResponse,
    page_head,
    page_tail,
    render,
)

__all__ = ["PageResponse", "endpoint", "page_head", "page_tail", "render"]
