"""Fields: private, editable and signal options, and their metadata."""

from __future__ import annotations

import enum
import pathlib
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType

import pydantic
import pytest
from pydantic import AwareDatetime, BaseModel, HttpUrl, JsonValue, Secret, SecretBytes, SecretStr

from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import Field
from starmodel.core.fields.field_types import is_atomic
from starmodel.core.fields.privacy import looks_secret
from starmodel.core.public_state import public_state

UserId = NewType("UserId", int)


class _Colour(enum.Enum):
    RED = "red"


class _Inner(BaseModel):
    shown: str = "shown"
    hidden: str = Field("HIDDEN", private=True)
    left_out: str = pydantic.Field("HIDDEN", exclude=True)
    key: SecretStr = SecretStr("HIDDEN")
    again: list[_Inner] = Field(default_factory=list)


class _Account(Entity):
    name: str = "Ann"
    note: str = Field("HIDDEN", private=True)
    annotated: Annotated[str, Field(private=True)] = Field("HIDDEN", editable=True)
    left_out: str = Field("HIDDEN", exclude=True)
    password: SecretStr = SecretStr("HIDDEN")
    key: SecretBytes | None = SecretBytes(b"HIDDEN")
    generic: Secret[int] = Secret[int](4711)
    keys: list[SecretStr] = Field(default_factory=lambda: [SecretStr("HIDDEN")])
    inner: _Inner = Field(default_factory=lambda: _Inner(again=[_Inner()]))
    loose: Any = Field(default_factory=lambda: {"deep": [_Inner()]})


def test_private_fields_of_any_kind_are_absent_from_the_public_state() -> None:
    state = public_state(_Account())
    assert "HIDDEN" not in str(state)
    assert "4711" not in str(state)
    assert set(state) == {"id", "name", "inner", "loose"}
    assert set(state["inner"]) == {"shown", "key", "again"}
    assert state["inner"]["key"] == "**********"


def test_private_fields_of_any_kind_are_absent_from_the_signals() -> None:
    assert set(_Account().signals) == {"id", "name"}
    assert not hasattr(_Account, "note_signal")
    assert not hasattr(_Account, "Spassword")


def test_private_fields_in_a_plain_dump_are_there_for_the_store() -> None:
    assert _Account().model_dump()["note"] == "HIDDEN"
    assert _Account().inner.model_dump()["hidden"] == "HIDDEN"


def test_private_fields_are_never_editable() -> None:
    specs = _Account.__entity__.fields
    assert not any(specs[name].editable for name in specs if specs[name].private)
    assert specs["annotated"].private


def test_public_state_with_aliases_keeps_field_names() -> None:
    class Item(Entity, serialize_by_alias=True):
        count: int = pydantic.Field(1, alias="Count")

    assert public_state(Item())["count"] == 1
    assert Item().signals["count"] == 1


@pytest.mark.parametrize(
    "name",
    [
        "password", "hashed_password", "password2", "secret", "client_secret", "token", "tokens",
        "accessToken", "access_token_value", "api_key", "apikey", "apiKey", "API_KEY", "hash",
        "hashed_value", "passwd", "user_hash",
    ],
)  # fmt: skip
def test_secret_looking_name_undeclared_is_a_definition_error(name: str) -> None:
    assert looks_secret(name)
    body = {"__annotations__": {name: str}, "__module__": __name__}
    with pytest.raises(ConfigurationError, match=rf"{name}.*private=True.*public=True"):
        type("Bad", (Entity,), body)


@pytest.mark.parametrize("name", ["secretary", "hashtag", "tokenise", "passage", "key", "rehash"])
def test_innocent_name_is_accepted(name: str) -> None:
    assert not looks_secret(name)


def test_secret_looking_name_declared_is_accepted() -> None:
    class Fine(Entity):
        password: str = Field("", private=True)
        hash: str = Field("", public=True)
        token: str = Field("", exclude=True)
        api_key: SecretStr = SecretStr("")

    assert set(public_state(Fine())) == {"id", "hash"}


def test_scalars_are_signals_and_containers_are_not() -> None:
    class Kinds(Entity):
        number: int | None = None
        price: Decimal = Decimal(1)
        colour: _Colour = _Colour.RED
        choice: Literal["a", 2] = "a"
        at: AwareDatetime | None = None
        link: HttpUrl | None = None
        where: pathlib.PurePosixPath | None = None
        owner: UserId = UserId(1)
        rows: list[int] = Field(default_factory=list)
        data: JsonValue = None
        anything: Any = None
        inner: _Inner | None = None
        declared: list[int] = Field(default_factory=list, signal=True)
        silent: int = Field(0, signal=False)

    assert set(Kinds.__entity__.signals) == {
        "id", "number", "price", "colour", "choice", "at", "link", "where", "owner", "declared",
    }  # fmt: skip


def test_atomic_type_in_a_union_needs_every_member_to_be() -> None:
    assert is_atomic(int | str | None)
    assert not is_atomic(int | list[int])


def test_editable_id_generated_is_not_and_required_is() -> None:
    class Numbered(Entity):
        id: int | None = Field(default=None, primary_key=True)

    class Named(Entity):
        id: str

    class Chosen(Entity):
        id: str = Field("", editable=True)

    class Inherited(Numbered):
        pass

    results = [cls.__entity__.fields["id"].editable for cls in (Numbered, Named, Chosen, Inherited)]
    assert results == [False, True, True, False]
    assert not _Account.__entity__.fields["id"].editable


def test_editable_list_in_the_config_leaves_the_rest_closed() -> None:
    class Post(Entity):
        model_config = EntityConfig(editable=["title"])
        title: str = ""
        t: str = ""
        author: str = Field("", editable=True)

    fields = Post.__entity__.fields
    assert [name for name in fields if fields[name].editable] == ["title", "author"]


@pytest.mark.parametrize("wrong", ["title", ["titel"]])
def test_editable_with_a_wrong_value_is_a_definition_error(wrong: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected True, False, or a list"):

        class Post(Entity):
            model_config = EntityConfig(editable=wrong)
            title: str = ""


def test_annotated_fields_merge_their_options() -> None:
    class Post(Entity):
        title: Annotated[str, Field(signal=False), Field(sync=True)] = Field("", editable=False)

    options = Post.__entity__.fields["title"].options
    assert (options.signal, options.sync, options.editable) == (False, True, False)


def test_title_is_declared_or_derived_from_the_name() -> None:
    class Post(Entity):
        first_name: str = ""
        age: int = Field(0, title="Years")

    fields = Post.__entity__.fields
    assert (fields["first_name"].title, fields["age"].title) == ("First name", "Years")


@pytest.mark.parametrize(("given", "names"), [("price", ("price",)), (["a", "b"], ("a", "b"))])
def test_field_with_earlier_names_has_them_as_an_option(given: Any, names: tuple[str, ...]) -> None:
    class Product(Entity):
        unit_price: int = Field(0, renamed_from=given)

    assert Product.__entity__.fields["unit_price"].options.renamed_from == names
    assert Product(unit_price=3).model_dump()["unit_price"] == 3


def test_earlier_names_in_annotated_and_in_the_default_are_both_kept() -> None:
    class Product(Entity):
        price: Annotated[int, Field(renamed_from="cost")] = Field(0, renamed_from="sum")

    assert set(Product.__entity__.fields["price"].options.renamed_from) == {"cost", "sum"}


@pytest.mark.parametrize("given", [5, None, "two words", [1], [["a"]], ""])
def test_earlier_names_that_are_no_names_are_refused(given: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"renamed_from=….* expected the earlier name"):
        Field(renamed_from=given)


def test_earlier_name_of_a_field_that_still_exists_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="Product still has a field price"):

        class Product(Entity):
            price: int = 0
            unit_price: int = Field(0, renamed_from="price")


def test_earlier_name_of_two_fields_is_refused() -> None:
    with pytest.raises(ConfigurationError, match=r"gross and Product\.net are both renamed_from"):

        class Product(Entity):
            gross: int = Field(0, renamed_from="price")
            net: int = Field(0, renamed_from="price")
