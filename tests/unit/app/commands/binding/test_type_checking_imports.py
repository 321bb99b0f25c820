"""Annotations whose types a module imports under `TYPE_CHECKING`."""

from __future__ import annotations

import pytest

from starmodel import ConfigurationError, Entity
from starmodel.app.commands.dispatching import dispatch
from starmodel.testing.fakes import fake_application
from unit.app.commands.binding.type_checking_imports import Lost, Note


class Tag(Entity):
    model_config = {"store": "memory", "scope": "record", "access": "public"}
    name: str = ""


async def test_special_parameters_and_entities_are_found_by_the_name_of_their_type():
    application = fake_application(Note, Tag)
    note = await Note.objects.create()
    tag = await Tag.objects.create(name="red")

    await dispatch(note.do.only())
    await dispatch(note.do.add("x"))
    await dispatch(note.do.sign(words=["a", "b"]))
    await dispatch(note.do.label(tag))

    assert (await Note.objects.get(note.id)).text == ".xa,bred"
    binders = application.dispatcher.binders
    assert binders[Note, "add"].special == {"work": "uow", "session": "session", "who": "actor"}
    assert binders[Note, "sign"].special == {"actor": "actor", "asked": "request"}
    assert binders[Note, "label"].entities == {"tag": Tag}


def test_unresolvable_parameter_type_fails_startup():
    with pytest.raises(ConfigurationError, match=r"Lost.add: the annotation of 'more' can't"):
        fake_application(Lost)
