"""JSON columns decode to the annotated type, for any type."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import (
    BaseModel,
    GetCoreSchemaHandler,
    PlainSerializer,
    PlainValidator,
    RootModel,
    SecretStr,
)
from pydantic_core import core_schema

from integration.web.browser import unlisted
from starmodel import ConfigurationError, Entity, dispatch
from starmodel.adapters.persistence.sql.repository import SqlRepository
from starmodel.testing.fakes import fake_application


class Tags(RootModel[list[str]]):
    pass


class Pairs(RootModel[dict[str, Tags]]):
    pass


class Holder(BaseModel):
    tags: Tags
    maybe: Pairs | None = None


class Point:
    """A type with a custom pydantic schema."""

    def __init__(self, x: int, y: int) -> None:
        self.x, self.y = x, y

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Point) and (self.x, self.y) == (other.x, other.y)

    __hash__ = None  # type: ignore[assignment]

    @classmethod
    def _read(cls, value: Any) -> Point:
        return value if isinstance(value, Point) else cls(*map(int, value.split(",")))

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> Any:
        return core_schema.no_info_plain_validator_function(
            cls._read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                lambda point: f"{point.x},{point.y}"
            ),
        )


class Foreign:
    """A third-party type without pydantic support."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Foreign) and self.name == other.name

    __hash__ = None  # type: ignore[assignment]


Known = Annotated[
    Foreign,
    PlainValidator(lambda value: value if isinstance(value, Foreign) else Foreign(value)),
    PlainSerializer(lambda value: value.name, return_type=str),
]


class Secretive(BaseModel):
    pin: SecretStr
    tags: Tags = Tags([])


VALUES = {
    "root": (Tags, Tags(["a"])),
    "nested roots": (Pairs, Pairs({"a": Tags(["b"])})),
    "list of roots": (list[Tags], [Tags(["a"]), Tags([])]),
    "roots in a model": (Holder, Holder(tags=Tags(["a"]), maybe=Pairs({}))),
    "own schema": (Point, Point(1, 2)),
    "own schemas": (dict[str, list[Point]], {"a": [Point(3, 4)]}),
    "annotated in a list": (list[Known], [Foreign("n")]),
    "secret beside a root": (Secretive, Secretive(pin=SecretStr("1234"), tags=Tags(["a"]))),
    "complex": (complex, 1 + 2j),
    "pattern": (re.Pattern[str], re.compile("a+")),
}


def _entity(annotation: Any) -> type[Entity]:
    body = {
        "__annotations__": {"value": annotation, "count": int},
        "count": 0,
        "__module__": __name__,
        "__qualname__": "Thing",
        "model_config": {"store": "sql", "scope": "record"},
    }
    return unlisted(type(Entity)("Thing", (Entity,), body))


@pytest.mark.parametrize("name", list(VALUES))
async def test_value_round_trips_with_its_type(tmp_path: Path, name: str) -> None:
    annotation, value = VALUES[name]
    cls = _entity(annotation)
    app = fake_application(cls, stores={"sql": SqlRepository(f"sqlite:///{tmp_path}/a.db")})
    await app.ready()
    try:
        made = await cls.objects.create(value=value)
        found = await cls.objects.get(made.id)
        assert found.value == value
        assert type(found.value) is type(value)
        await dispatch(found.do.update(count=1))
        found = await cls.objects.get(made.id)
        assert (found.value, found.count) == (value, 1)
    finally:
        await app.close()


@pytest.mark.parametrize(
    "annotation",
    [Callable[[], int], list[Callable[..., Any]], type[int], Iterator[int], Foreign],
    ids=str,
)
async def test_unstorable_type_fails_startup(tmp_path: Path, annotation: Any) -> None:
    try:
        cls = _entity(annotation)
    except Exception as error:
        assert "schema" in str(error)  # noqa: PT017
        return
    app = fake_application(cls, stores={"sql": SqlRepository(f"sqlite:///{tmp_path}/a.db")})
    with pytest.raises(ConfigurationError, match=r"Thing\.value can't become a column"):
        await app.ready()
    await app.close()
