"""Mistakes in application code end in an error that names the correct form."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import ConfigurationError, Entity, Field, dispatch, event
from starmodel.core.events import ActionFactory
from starmodel.testing.fakes import fake_application


@unlisted
class Pen(Entity):
    model_config = {"scope": "record"}
    name: str = ""

    @event
    async def rename(self, name: str) -> None:
        self.name = name


@pytest.mark.parametrize(
    ("argument", "hint"),
    [("defualt", "did you mean 'default'"), ("min_lenght", "did you mean 'min_length'"),
     ("editible", "did you mean 'editable'"), ("primary_kye", "did you mean 'primary_key'"),
     ("zzz", "json_schema_extra")],
)  # fmt: skip
def test_unknown_argument_of_a_field_is_rejected(argument: str, hint: str) -> None:
    with pytest.raises(ConfigurationError, match=f"unknown argument '{argument}'.*") as refused:
        Field(**{argument: "x"})
    assert hint in str(refused.value)


async def test_dispatch_other_argument_names_accepted_types() -> None:
    app = fake_application(Pen)
    await app.ready()
    pen = await Pen.objects.create(name="a")
    new: Any = Pen(name="b")
    given: list[tuple[Any, str]] = [
        (pen.rename, "got the method of an instance"), (Pen.rename, "not called yet"),
        (pen.do.rename, "not called yet"), (new.rename("c"), "got a coroutine"),
        (pen, "type Pen"), (None, "type NoneType"),
    ]  # fmt: skip
    assert isinstance(Pen.rename, ActionFactory)
    for request, what in given:
        with pytest.raises(ConfigurationError, match=what) as refused:
            await dispatch(request)
        assert "expected an action such as product.do.update(…)" in str(refused.value)
    await app.close()


async def test_record_action_on_the_class_names_the_remedy() -> None:
    app = fake_application(Pen)
    await app.ready()
    action: Any = Pen.rename("b")
    with pytest.raises(ConfigurationError, match=r"names no record.*pen\.do\.rename"):
        await dispatch(action)
    await app.close()
