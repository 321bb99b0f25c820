"""Field names in the payload of nested models: validated at any depth in linear time."""

from __future__ import annotations

import sys
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, RootModel, SecretStr, model_validator

from starmodel import Field
from starmodel.app.commands.binding.models import MASK, UnknownPartError, accepted
from starmodel.core.fields.nested import is_private_path

NONE: frozenset[Any] = frozenset()


class Leaf(BaseModel):
    name: str = ""
    code: str = Field(default="", private=True)
    pin: SecretStr = SecretStr("")


class Left(BaseModel):
    child: Left | Right | None = None
    x: int = 0


class Right(BaseModel):
    child: Left | Right | int | None = None
    code: str = Field(default="", private=True)


class Leaves(RootModel[list[Leaf]]): ...


class Free(BaseModel):
    model_config = ConfigDict(extra="allow")
    code: str = Field(default="", private=True)


class Older(BaseModel):
    name: str = ""
    code: str = Field(default="", private=True)

    @model_validator(mode="before")
    @classmethod
    def renamed(cls, data: Any) -> Any:
        return data


@pytest.mark.parametrize(
    ("annotation", "raw", "path"),
    [
        (Leaf, {"code": 1}, ("code",)),
        (Leaf, {"nothing": 1}, ("nothing",)),
        (Leaf | None, {"pin": "1234"}, ("pin",)),
        (list[Leaf], [{}, {"code": 1}], (1, "code")),
        (dict[str, list[Leaf]], {"k": [{"code": 1}]}, ("k", 0, "code")),
        (tuple[int, Leaf], [1, {"code": 1}], (1, "code")),
        (tuple[Leaf, ...], [{}, {"code": 1}], (1, "code")),
        (list[Leaf] | dict[str, Leaf], {"k": {"code": 1}}, ("k", "code")),
        (Leaves, [{"code": 1}], (0, "code")),
        (Left, {"child": {"child": {"code": 1}}}, ("child", "child", "code")),
        (Free, {"code": 1}, ("code",)),
        (Free, {"other": 1}, None),
        (Older, {"old": 1}, None),
        (Older, {"code": 1}, ("code",)),
        (Leaf, {"pin": [MASK]}, None),
        (Leaf, {"name": {"code": 1}}, None),
        (Leaf, "text", None),
        (Any, {"code": 1}, None),
        (dict[str, Any], {"code": 1}, None),
    ],
)
def test_accepted_rejects_unknown_and_private_names(annotation: Any, raw: Any, path: Any) -> None:
    if path is None:
        accepted(annotation, raw, NONE)
        return
    with pytest.raises(UnknownPartError) as caught:
        accepted(annotation, raw, NONE)
    assert caught.value.path == path


def test_accepted_drops_masked_secrets() -> None:
    raw = {"name": "a", "pin": MASK}
    assert accepted(Leaf, raw, NONE) == {"name": "a"}
    assert raw == {"name": "a", "pin": MASK}


def test_accepted_takes_linear_time_in_unions() -> None:
    raw: dict[str, Any] = {"zzz": 1}
    for _ in range(60):
        raw = {"child": raw}
    calls = 0

    def count(*_: object) -> None:
        nonlocal calls
        calls += 1
        assert calls < 60_000, "more than 1,000 calls a level"

    sys.setprofile(count)
    try:
        with pytest.raises(UnknownPartError):
            accepted(Left, raw, NONE)
    finally:
        sys.setprofile(None)


@pytest.mark.parametrize(
    ("models", "path", "private"),
    [
        ([Leaf], ("code",), True), ([Leaf], ("name",), False), ([Leaf], ("Leaf", "pin"), True),
        ([Right], ("child", "Right", "code"), True), ([Left], ("child", "Left", "x"), False),
        ([Leaves], ("root", 0, "code"), True), ([Leaf], (), False),
    ],
)  # fmt: skip
def test_private_path_is_found_in_the_path_of_an_error(
    models: Any, path: Any, private: Any
) -> None:
    assert is_private_path(models, path) is private
