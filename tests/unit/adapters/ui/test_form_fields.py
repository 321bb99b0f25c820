"""Input types: which control each parameter type renders."""

from __future__ import annotations

import enum
import inspect
import uuid
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

import pytest
from pydantic import (
    AnyUrl,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    EmailStr,
    Field,
    HttpUrl,
    SecretStr,
    TypeAdapter,
)
from pydantic.types import FutureDate, PastDatetime
from typing_extensions import TypedDict

from integration.web.browser import unlisted
from starmodel.adapters.ui.franken.forms.fields import form_field
from starmodel.adapters.ui.franken.forms.form_field import FormField
from starmodel.app.commands.binding.parameters import Parameter
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.widgets import UI, WIDGETS


class Size(enum.Enum):
    VERY_SMALL = 1
    LARGE = 2


class Geo(BaseModel):
    lat: float = 0.0


class Address(BaseModel):
    street: str
    number: int | None = Field(default=None, title="House number")
    geo: Geo = Geo()


class Opening(TypedDict):
    day: str
    hours: int


class Folder(BaseModel):
    """A model that contains itself, whose inner lists are JSON."""

    name: str = ""
    folders: list[Folder] = []


class UploadFile:
    """Named like the class of web frameworks, because the binder matches by name."""


@unlisted
class Author(Entity):
    name: str


def made(
    annotation: Any, name: str = "x", default: Any = inspect.Parameter.empty, **options: Any
) -> FormField:
    config = ConfigDict(arbitrary_types_allowed=True)
    adapter = None if "entity" in options else adapter_of(annotation, config)
    return form_field(Parameter(name, annotation, adapter, default, **options))


def adapter_of(annotation: Any, config: ConfigDict) -> TypeAdapter[Any]:
    try:
        return TypeAdapter(annotation, config=config)
    except Exception:  # a nested model has one input for each field
        return TypeAdapter(annotation)


@pytest.mark.parametrize(
    ("annotation", "kind"),
    [
        (str, "text"),
        (str | None, "text"),
        (int, "number"),
        (float | None, "number"),
        (Decimal, "decimal"),
        (Annotated[int, UI(currency="EUR")], "decimal"),
        (Annotated[float, UI(format="percent")], "decimal"),
        (int | str, "text"),
        (bool, "switch"),
        (bool | None, "select"),
        (date, "date"),
        (FutureDate, "date"),
        (datetime, "datetime"),
        (PastDatetime, "datetime"),
        (AwareDatetime, "datetime"),  # in UTC, by its title
        (time, "time"),
        (Size, "select"),
        (Size | None, "select"),
        (Literal["a", "b"], "select"),
        (Literal[1, 2] | None, "select"),
        (list[str], "rows"),
        (set[str] | None, "rows"),
        (tuple[date, ...], "rows"),
        (Annotated[list[str], UI(widget="lines")], "lines"),
        (list[Size], "checkboxes"),
        (list[Literal["a"]], "checkboxes"),
        (list[int], "rows"),
        (list[Any], "json"),
        (list[list[int]], "rows"),
        (tuple[int, str], "json"),
        (dict[str, int], "rows"),
        (dict[str, Address], "rows"),
        (dict[int, str], "json"),
        (dict[str, Any], "json"),
        (Address, "group"),
        (Address | None, "group"),
        (Opening, "group"),
        (list[Address], "rows"),
        (list[Address | None], "json"),
        (Folder, "group"),
        (Annotated[list[Address], UI(widget="json")], "json"),
        (AnyUrl, "url"),
        (HttpUrl | None, "url"),
        (SecretStr, "password"),
        (SecretStr | None, "password"),
        (uuid.UUID, "text"),
        (UploadFile, "file"),
        (Any, "text"),
        (Annotated[str, UI(widget="color")], "color"),
        (Annotated[str, UI(widget="markdown")], "markdown"),
        (Annotated[int, Field(ge=0), UI(widget="range")], "range"),
        (Annotated[Size, UI(widget="radio")], "radio"),
        (Annotated[str, UI(help="only words")], "text"),
    ],
    ids=str,
)
def test_parameter_type_selects_its_input(annotation: Any, kind: str) -> None:
    assert made(annotation).kind == kind


def test_email_address_has_an_email_input() -> None:
    assert made(EmailStr).kind == "email"


@pytest.mark.parametrize("name", ["body", "description", "notes"])
def test_long_text_fields_are_recognised_by_name(name: str) -> None:
    assert made(str, name).kind == "textarea"
    assert made(int, name).kind == "number"


def test_entity_parameter_offers_records_of_its_class() -> None:
    field = made(Author, entity=Author)

    assert (field.kind, field.record) == ("record", Author)


@pytest.mark.parametrize("widget", WIDGETS)
def test_every_widget_can_be_declared(widget: str) -> None:
    assert made(Annotated[Size, UI(widget=widget)]).kind == widget


@pytest.mark.parametrize("widget", ["select", "radio", "checkboxes"])
def test_choice_widget_without_options_is_rejected(widget: str) -> None:
    with pytest.raises(ConfigurationError, match="needs an enum or Literal to choose from"):
        made(Annotated[str, UI(widget=widget)])


@pytest.mark.parametrize("widget", ["", "Text", "slider", "script", "textarea "])
def test_unknown_widget_error_lists_widgets(widget: str) -> None:
    with pytest.raises(ConfigurationError, match=r"is unknown; there are text, textarea, "):
        UI(widget=widget)


def test_innermost_widget_declaration_wins() -> None:
    annotation = Annotated[Annotated[str, UI(widget="email")], UI(widget="url")]

    assert made(annotation).kind == "url"


def test_choices_have_labels() -> None:
    assert made(Size).choices == ((Size.VERY_SMALL, "Very small"), (Size.LARGE, "Large"))
    assert made(Literal["in_progress", "Done", 3]).choices == (
        ("in_progress", "In progress"),
        ("Done", "Done"),
        (3, "3"),
    )
    assert made(bool | None).choices == ((True, "Yes"), (False, "No"))


@pytest.mark.parametrize(
    ("annotation", "limits"),
    [
        (int, {"step": 1}),
        (float, {"step": "any"}),
        (int | float, {"step": "any"}),
        (Annotated[int, Field(ge=1, le=9)], {"min": 1, "max": 9, "step": 1}),
        (Annotated[int, Field(gt=1, lt=9)], {"min": 2, "max": 8, "step": 1}),
        (Annotated[float, Field(gt=1)], {"step": "any"}),
        (Annotated[float, Field(multiple_of=0.05)], {"step": 0.05}),
        (Annotated[Decimal, Field(multiple_of=Decimal("0.05"))], {}),
    ],
    ids=str,
)
def test_numbers_have_the_limits_of_their_type(annotation: Any, limits: dict[str, Any]) -> None:
    assert dict(made(annotation).limits) == limits


def test_field_description_renders_beside_its_input() -> None:
    wish = UI(placeholder="0.00", help="With VAT")
    field = made(Annotated[float, Field(title="Price", description="not this"), wish])

    assert (field.title, field.help, field.placeholder) == ("Price", "With VAT", "0.00")
    assert made(Annotated[str, Field(examples=["Pen"])], "full_name").placeholder == "Pen"
    assert made(str, "full_name").title == "Full name"


def test_nested_model_has_an_input_for_each_field() -> None:
    field = made(Address, "home")

    assert [(part.name, part.kind, part.title) for part in field.parts] == [
        ("home.street", "text", "Street"),
        ("home.number", "number", "House number"),
        ("home.geo", "group", "Geo"),
    ]
    assert [part.name for part in field.parts[2].parts] == ["home.geo.lat"]
    assert [part.required for part in field.parts] == [True, False, False]


@pytest.mark.parametrize(
    ("annotation", "default", "required"),
    [(str, inspect.Parameter.empty, True), (str, "a", False), (int | None, None, False),
     (str | None, inspect.Parameter.empty, False), (bool, inspect.Parameter.empty, False)],
    ids=str,
)  # fmt: skip
def test_required_inputs_are_those_without_default(
    annotation: Any, default: Any, required: bool
) -> None:
    assert made(annotation, default=default).required is required
