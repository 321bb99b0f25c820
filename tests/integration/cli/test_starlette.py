"""The commands with an application of plain Starlette."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from integration.cli.conftest import SHOP

OWN = """
from starlette.applications import Starlette
from starlette.routing import Mount, Route, WebSocketRoute
from starmodel import configure_app
from starmodel.starlette import endpoint

@endpoint
async def home(counter: Counter):
    return "home"

async def edit(request): ...
async def talk(websocket): ...

routes = [
    Route("/", home), Route("/products/{pid}/edit", edit), WebSocketRoute("/talk", talk),
    Mount("/docs", routes=[Route("/{name}", edit)]),
]
"""
ENTITIES = "[Product, Counter, Basket, Visit, Chat]"
APPS = {
    "create_app": f'app = create_app({ENTITIES}, web="starlette", routes=routes)\n',
    "configure_app": f"app = configure_app(Starlette(routes=routes), {ENTITIES})\n",
}
Run = Callable[..., Result]


@pytest.fixture(params=APPS)
def shop(write: Callable[[str, str], Path], request: pytest.FixtureRequest) -> Path:
    entities = SHOP.partition('print("shop is imported")')[0]
    return write("main.py", entities + OWN + APPS[request.param])


def test_routes_lists_own_and_generated_routes(shop: Path, answer: Callable[..., Any]) -> None:
    found = {(row["method"], row["path"]): row for row in reversed(answer("routes"))}
    assert (found["GET", "/"]["target"], found["GET", "/"]["source"]) == ("main.home", "own")
    assert found["*", "/talk"]["target"] == "main.talk"
    assert found["GET", "/docs/{name}"]["target"] == "main.edit"
    assert found["POST", "/products/{id}/adjust_stock"]["target"] == "Product.adjust_stock"
    assert [row["path"] for row in answer("routes") if row["replaced"]] == [
        "/",
        "/products/{id}/edit",
    ]


def test_entities_and_doctor_read_the_application(
    shop: Path, answer: Callable[..., Any], run: Run
) -> None:
    assert {row["name"] for row in answer("entities", "list")} == {
        "Product", "Counter", "Basket", "Visit", "Chat",
    }  # fmt: skip
    assert "adjust_stock" in run("entities", "inspect", "Product").stdout
    assert run("doctor").exit_code == 0


def test_event_runs_in_the_application(shop: Path, run: Run) -> None:
    result = run("event", "Chat", "say", "--text", "hello")
    assert result.exit_code == 0, result.output
