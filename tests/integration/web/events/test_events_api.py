"""Events as an API: JSON, forms, files and query arguments; JSON responses with their status."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr
from starlette.datastructures import UploadFile

from integration.web.browser import JSON, ORIGIN, unlisted
from starmodel import Entity, Field, event


@unlisted
class Box(Entity):
    count: int = 0
    names: list[str] = Field(default=[])
    price: Decimal | None = None

    @event
    def add(self, amount: int = 1, name: str = "") -> int:
        self.count += amount
        if name:
            self.names.append(name)
        return self.count

    @event
    def fill(self, names: list[str]) -> None:
        self.names = names

    @event
    def set_price(self, price: Decimal | None = None) -> None:
        self.price = price

    @event
    async def attach(self, file: UploadFile, name: str = "") -> dict[str, Any]:
        content = await file.read()
        self.names.append(file.filename or "")
        return {"name": name, "size": len(content)}

    @event
    def log_in(self, password: SecretStr) -> bool:
        return password.get_secret_value() == "open"


@unlisted
class Sack(Entity):
    model_config = {"scope": "record", "access": "public"}
    content: Any = None


async def test_json_body_returns_result_entity_and_version(visit: Any) -> None:
    response = await visit(Box).call("POST", "/box/add", {"amount": 3, "name": "pen"})

    data = response.json()
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.headers["vary"] == "accept"
    assert data["result"] == 3
    assert {k: v for k, v in data["entity"].items() if k != "id"} == {
        "count": 3,
        "names": ["pen"],
        "price": None,
    }
    assert data["version"] > 0


async def test_arguments_in_the_query_are_converted(visit: Any) -> None:
    response = await visit(Box).call("POST", "/box/add?amount=4")

    assert response.json()["result"] == 4


async def test_query_wins_over_body(visit: Any) -> None:
    response = await visit(Box).call("POST", "/box/add?amount=4", {"amount": 9})

    assert response.json()["result"] == 4


async def test_form_body_is_converted(visit: Any) -> None:
    response = await visit(Box).post(
        "/box/add", data={"amount": "6"}, headers=JSON | {"origin": ORIGIN}
    )

    assert response.json()["result"] == 6


async def test_form_list_by_brackets_or_by_json_text(visit: Any) -> None:
    browser = visit(Box)
    headers = JSON | {"origin": ORIGIN}

    repeated = await browser.post("/box/fill", data={"names[]": ["a", "b"]}, headers=headers)
    text = await browser.post("/box/fill", data={"names": '["c"]'}, headers=headers)

    assert repeated.json()["entity"]["names"] == ["a", "b"]
    assert text.json()["entity"]["names"] == ["c"]


async def test_multipart_form_with_a_file(visit: Any) -> None:
    response = await visit(Box).post(
        "/box/attach",
        data={"name": "report"},
        files={"file": ("a.txt", b"12345", "text/plain")},
        headers=JSON | {"origin": ORIGIN},
    )

    assert response.json()["result"] == {"name": "report", "size": 5}
    assert response.json()["entity"]["names"] == ["a.txt"]


async def test_text_for_a_file_parameter_is_rejected(visit: Any) -> None:
    response = await visit(Box).call("POST", "/box/attach", {"file": "a.txt"})

    assert response.status_code == 422
    assert "file" in response.json()["errors"]


async def test_secret_parameter_is_bound_from_the_body_only(visit: Any) -> None:
    browser = visit(Box)

    exposed = await browser.call("POST", "/box/log_in?password=open")
    sent = await browser.call("POST", "/box/log_in", {"password": "open"})

    assert exposed.status_code == 422
    assert exposed.json()["errors"] == {"password": "must be sent in the body"}
    assert "open" not in exposed.text.replace("/box", "")
    assert sent.json()["result"] is True


async def test_wrong_secret_is_not_echoed(visit: Any) -> None:
    response = await visit(Box).call("POST", "/box/log_in", {"password": {"s3cret": 1}})

    assert response.status_code == 422
    assert "s3cret" not in response.text


async def test_integer_of_any_size_stays_exact(visit: Any) -> None:
    big = 2**80 + 1

    response = await visit(Box).call("POST", "/box/add", {"amount": big})

    assert response.status_code == 200
    assert response.json()["result"] == big


async def test_decimal_keeps_its_digits(visit: Any) -> None:
    response = await visit(Box).call("POST", "/box/set_price", {"price": "0.10"})

    assert response.json()["entity"]["price"] == "0.10"


async def test_request_without_accept_gets_json(visit: Any) -> None:
    response = await visit(Box).post("/box/add", headers={"origin": ORIGIN, "accept": "*/*"})

    assert response.json()["result"] == 1


async def test_api_client_without_cookie_needs_no_origin(visit: Any) -> None:
    response = await visit(Box).post("/box/add", headers=JSON)

    assert response.status_code == 200


@pytest.mark.parametrize("name", ["names", "names[]", "price", "name"])
async def test_file_for_a_non_file_parameter_is_422(visit: Any, name: str) -> None:
    path = "/box/set_price" if name == "price" else "/box/attach"
    path = "/box/fill" if name.startswith("names") else path
    headers = JSON | {"origin": ORIGIN}

    response = await visit(Box).post(path, files={name: ("a.txt", b"x")}, headers=headers)

    assert response.status_code == 422
    assert "takes no file" in str(response.json()["errors"])


@pytest.mark.parametrize("name", ["content", "content[]", "content.a", "content.a[]"])
async def test_file_for_a_field_of_any_type_is_422(visit: Any, name: str) -> None:
    headers = JSON | {"origin": ORIGIN}

    response = await visit(Sack).post("/sacks", files={name: ("a.txt", b"x")}, headers=headers)

    assert response.status_code == 422
