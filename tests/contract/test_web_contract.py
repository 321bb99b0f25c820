"""Every web framework passes the contract of the port."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from fasthtml.core import FastHTML
from starlette.applications import Starlette

from starmodel import Entity, configure_app, create_app
from starmodel.starlette import endpoint
from starmodel.testing.contracts.web import ExistingApplicationContract, WebContract


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, without settings and static files of the checkout."""
    monkeypatch.chdir(tmp_path)


class TestFastHTML(WebContract):
    def make_app(self, entities: Sequence[type[Entity]], **options: Any) -> Any:
        lifespan = options.pop("lifespan", None)
        if lifespan is not None:  # FastHTML takes the generator function
            options["lifespan"] = lifespan.__wrapped__
        return create_app(entities, web="fasthtml", **options)

    def add_page(self, app: Any, path: str, handler: Callable[..., Any]) -> None:
        app.get(path)(handler)


class TestStarlette(WebContract):
    def make_app(self, entities: Sequence[type[Entity]], **options: Any) -> Any:
        return create_app(entities, web="starlette", **options)

    def add_page(self, app: Any, path: str, handler: Callable[..., Any]) -> None:
        app.add_route(path, endpoint(handler))


FRAMEWORK = ("routes", "middleware", "exception_handlers", "lifespan")


class TestConfiguredStarlette(ExistingApplicationContract):
    def make_app(self, entities: Sequence[type[Entity]], **options: Any) -> Any:
        own = {name: options.pop(name) for name in FRAMEWORK if name in options}
        return configure_app(Starlette(**own), entities, **options)

    def add_page(self, app: Any, path: str, handler: Callable[..., Any]) -> None:
        app.add_route(path, endpoint(handler))


class TestConfiguredFastHTML(ExistingApplicationContract):
    def make_app(self, entities: Sequence[type[Entity]], **options: Any) -> Any:
        own = {name: options.pop(name) for name in FRAMEWORK if name in options}
        if "lifespan" in own:
            own["lifespan"] = own["lifespan"].__wrapped__
        app = FastHTML(sess_cls=None, default_hdrs=False, canonical=False, secret_key="k", **own)
        return configure_app(app, entities, **options)

    def add_page(self, app: Any, path: str, handler: Callable[..., Any]) -> None:
        app.get(path)(handler)
