"""Domain events are published without private fields, at any depth."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, SecretStr

from starmodel import Entity, Field, Private
from starmodel.app.ports.messages import fact_data

HIDDEN = SecretStr("hidden")


class _Login(BaseModel):
    name: str = "ann"
    pin: Private[str] = "hidden"
    code: SecretStr = SecretStr("hidden")


class _User(Entity):
    login: _Login = _Login()
    pin: Private[str] = "hidden"


@dataclasses.dataclass
class _Inner:
    name: str = "inner"
    pin: Private[str] = "hidden"


@dataclasses.dataclass
class _Seen:
    login: _Login
    logins: list[_Login]
    inner: _Inner
    pin: Private[str] = "hidden"
    gone: Annotated[str, Field(exclude=True)] = "hidden"
    code: SecretStr = HIDDEN
    raw: bytes = b""


class _Told(BaseModel):
    login: _Login = _Login()
    user: _User = Field(default_factory=_User)
    by: dict[str, _Login] = {"a": _Login()}
    pin: Private[str] = "hidden"


@pytest.mark.parametrize("raw", [b"", b"\xff"])
def test_dataclass_event_is_published_without_private_fields(raw: bytes) -> None:
    data = fact_data(_Seen(_Login(), [_Login()], _Inner(), raw=raw))

    assert data["login"]["name"] == data["logins"][0]["name"] == "ann"
    assert data["inner"]["name"] == "inner"
    if not raw:
        assert "hidden" not in str(data)
    assert data.get("pin") is None


def test_model_event_is_published_without_private_fields() -> None:
    data = fact_data(_Told())

    assert data["by"]["a"]["name"] == data["user"]["login"]["name"] == "ann"
    assert "hidden" not in str(data)


class _Odd:
    pass


@dataclasses.dataclass
class _Unknown:
    odd: _Odd
    pin: Private[str] = "hidden"
    name: str = "ann"


@dataclasses.dataclass
class _Anything:
    value: Any


@pytest.mark.parametrize("fact", [_Anything(_Odd()), _Unknown(_Odd())])
def test_domain_event_without_json_encoding_is_an_application_error(fact: Any) -> None:
    with pytest.raises(TypeError, match="can't be published, so nothing is stored"):
        fact_data(fact)
