"""Foreign keys of tables to classes in other stores."""

from __future__ import annotations

import pytest

from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.field import Field


class Team(Entity):
    name: str


class Hero(Entity):
    model_config = {"store": "sql"}
    team: Team


class Badge(Entity):
    model_config = {"store": "sql"}
    team_id: str | None = Field(default=None, foreign_key="team.id")


class Note(Entity):
    team: Team


@pytest.mark.parametrize(("cls", "annotation"), [(Hero, "str"), (Badge, "str | None")])
def test_foreign_key_of_a_table_to_a_class_in_memory_is_refused(
    cls: type[Entity], annotation: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        Registry([Team, cls])
    assert str(refused.value) == (
        f"{cls.__name__}.team_id is a foreign key to Team, whose records are in the store "
        f"'memory', and {cls.__name__} is in 'sql'. A database refers to its own tables alone. "
        "Store both there, by Team.model_config = {'store': 'sql'}, or declare the id without a "
        f"foreign key: team_id: {annotation}."
    )


def test_foreign_key_in_one_store_or_from_a_store_without_tables_is_accepted() -> None:
    Registry([Team, Hero], default_store="sql")
    Registry([Team, Note])
