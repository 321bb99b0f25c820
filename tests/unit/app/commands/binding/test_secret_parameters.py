"""Event parameters with secret-looking names must be declared before the application starts."""

from __future__ import annotations

import inspect
import warnings
from typing import Annotated, Any

import pytest
from pydantic import BaseModel, SecretStr

from starmodel import ConfigurationError, Entity, Field, Private, create_app, event
from starmodel.app.commands.binding.binder import Binder
from starmodel.core.classes.registry import Registry
from starmodel.core.public_state import public_state


class Login(BaseModel):
    name: str = ""
    password: str = ""


class SafeLogin(BaseModel):
    name: str = ""
    password: SecretStr = SecretStr("")
    token_count: int = Field(default=0, public=True)
    api_key: str = Field(default="", private=True)


def start(annotation: Any, name: str = "password") -> Binder:
    """The binder of `enter(<name>: annotation)` in an application."""

    def enter(self: Any, **given: Any) -> None: ...

    parameters = [
        inspect.Parameter(n, inspect.Parameter.POSITIONAL_OR_KEYWORD) for n in ("self", name)
    ]
    enter.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    enter.__annotations__ = {name: annotation}

    class Door(Entity):
        n: int = 0
        run = event(enter)

    app = create_app([Door], secret_key="k" * 40)
    return app.starmodel.dispatcher.binders[Door, "run"]


@pytest.fixture(autouse=True)
def _folder(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize(
    "name",
    ["password", "new_password", "secret", "token", "access_token", "api_key", "apikey", "hash",
     "password_hash", "accessToken", "passwd", "secrets"],
)  # fmt: skip
@pytest.mark.parametrize("annotation", [str, str | None, bytes, int, list[str]])
def test_parameter_with_secret_name_fails_startup(name: str, annotation: Any) -> None:
    with pytest.raises(ConfigurationError, match=rf"{name}' looks like a secret"):
        start(annotation, name)


@pytest.mark.parametrize("annotation", [Login, list[Login], dict[str, Login], Login | None])
def test_nested_field_with_secret_name_in_a_parameter_fails_startup(annotation: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"login\.password' looks like a secret"):
        start(annotation, "login")


def test_secret_looking_field_of_a_model_in_a_field_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match=r"Door\.login\.password looks like a secret"):

        class Door(Entity):
            login: Login = Login()


@pytest.mark.parametrize(
    "annotation",
    [
        SecretStr,
        SecretStr | None,
        list[SecretStr],
        Annotated[str, Field(private=True)],
        Annotated[str, Field(private=True)] | None,
        Annotated[str | None, Field(min_length=2), Field(private=True)],
    ],
    ids=range(6),
)
def test_declared_secret_is_masked_and_bound_from_bodies_only(annotation: Any) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        binder = start(annotation)

    assert binder.sensitive == ["password"]
    assert binder.unsaid == {"password"}


@pytest.mark.parametrize("annotation", [Annotated[str, Field(public=True)], SafeLogin])
def test_public_parameter_and_declared_model_start(annotation: Any) -> None:
    start(annotation, "token" if annotation is not SafeLogin else "login")


def test_name_similar_to_a_secret_is_accepted() -> None:
    assert start(str, "secretary").sensitive == []


class Account(Entity):
    hashed_password: Private[str] = ""
    reset_token: Private[str | None] = None

    @event
    def sign_in(self, password: Private[str], otp_secret: Private[str] = "") -> bool:
        return password == self.hashed_password


def test_private_declares_fields_and_parameters() -> None:
    assert Account.__entity__.private == {"hashed_password", "reset_token"}
    assert set(public_state(Account(hashed_password="x"))) == {"id"}
    registry = Registry([Account])
    binder = Binder(registry[Account], Account.__entity__.events["sign_in"], registry)
    assert binder.unsaid == {"password", "otp_secret"}
