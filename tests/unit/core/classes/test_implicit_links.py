"""Link classes of many-to-many relations by declaration alone."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel import ConfigurationError, Entity, Relationship, event
from starmodel.core.changes.drafts import Facts, open_draft
from starmodel.core.classes.foreign_keys import foreign_keys
from starmodel.core.classes.implicit_links import link_id
from starmodel.core.classes.registry import Registry
from starmodel.core.definition.defined import defined_classes
from starmodel.core.definition.table_names import table_name
from starmodel.core.errors import NotLoadedError
from starmodel.core.fields.linked_records import LinkChange


class _Note(Entity):
    model_config = {"scope": "record"}
    labels: list[_Label]

    @event
    def label(self, *ids: str) -> None:
        self.labels.extend(ids)


class _Label(Entity):
    model_config = {"scope": "record"}
    id: int | None = None
    notes: list[_Note]


def _link(*classes: type[Entity]) -> Any:
    (link,) = (each.cls for each in Registry(classes) if each.cls not in classes)
    return link


def test_relation_makes_a_link_class_of_both_sides() -> None:
    link = _link(_Note, _Label)
    keys = [(k.field, k.table, k.column, k.rule) for k in foreign_keys(link)]
    assert keys == [
        ("label_id", "_label", "id", "CASCADE"),
        ("note_id", "_note", "id", "CASCADE"),
    ]
    assert table_name(link) == "_label_note"
    assert link.__pydantic_fields__["label_id"].annotation is int


def test_link_has_no_pages_and_is_no_entity_of_the_module() -> None:
    registry = Registry([_Note, _Label])
    (made,) = (each for each in registry if each.cls not in (_Note, _Label))
    assert (made.path, made.scope) == (None, "record")
    assert made.cls not in defined_classes()


def test_id_of_a_link_follows_from_its_records() -> None:
    link = _link(_Note, _Label)
    one = link_id(link, {"note_id": "n", "label_id": 1})
    assert one == link_id(_link(_Label, _Note), {"label_id": 1, "note_id": "n"})
    assert one != link_id(link, {"note_id": "n", "label_id": 2})


def test_link_in_the_table_is_unique() -> None:
    from sqlalchemy import MetaData, UniqueConstraint

    from starmodel.adapters.persistence.sql.schema.tables import derive_table
    from starmodel.migrations.schema.dialects import NeutralDialect

    class Post(Entity):
        model_config = {"store": "sql"}
        tags: list[Tag]

    class Tag(Entity):
        model_config = {"store": "sql"}

    registry = Registry([Post, Tag])
    table = derive_table(registry.named("PostTag"), MetaData(), NeutralDialect()).table
    pairs = [
        [column.name for column in each.columns]
        for each in table.constraints
        if isinstance(each, UniqueConstraint)
    ]
    assert (table.name, pairs) == ("post_tag", [["post_id", "tag_id"]])


def test_relation_of_a_class_to_itself_needs_a_declared_link() -> None:
    class Person(Entity):
        name: str
        friends: list[Person]

    with pytest.raises(ConfigurationError, match=r"Person\.friends joins Person with itself"):
        Registry([Person])


def test_two_relations_of_one_pair_need_declared_links() -> None:
    class Author(Entity):
        name: str

    class Book(Entity):
        title: str
        authors: list[Author]
        editors: list[Author]

    with pytest.raises(ConfigurationError, match=r"Book\.authors and Book\.editors both join"):
        Registry([Author, Book])


def test_classes_in_two_stores_need_a_declared_link() -> None:
    class Post(Entity):
        model_config = {"store": "sql"}
        tags: list[Tag]

    class Tag(Entity):
        name: str

    with pytest.raises(ConfigurationError, match=r"Post in store 'sql' and Tag in store 'memory'"):
        Registry([Post, Tag])


def test_class_without_records_is_refused() -> None:
    class Cart(Entity):
        items: list[Item] = Relationship()

    class Item(Entity):
        name: str

    with pytest.raises(ConfigurationError, match=r"Cart has the scope 'session'"):
        Registry([Cart, Item])


def test_name_of_another_class_is_refused() -> None:
    class Post(Entity):
        title: str
        tags: list[Tag]

    class Tag(Entity):
        name: str

    class PostTag(Entity):
        name: str

    with pytest.raises(ConfigurationError, match=r"has a class of that name"):
        Registry([Post, Tag, PostTag])


def test_draft_records_changes_and_refuses_to_be_read() -> None:
    facts = Facts()
    draft: Any = open_draft(_Note(), facts)
    draft.labels.append(1)
    draft.labels += [2]
    draft.labels.remove(1)
    draft.labels = [3]
    draft.labels.clear()

    changes = [(c.kind, c.records) for c in facts.emitted if isinstance(c, LinkChange)]
    assert changes == [
        ("add", (1,)), ("add", (2,)), ("remove", (1,)), ("replace", (3,)), ("replace", ()),
    ]  # fmt: skip
    for read in (list, len, bool, lambda labels: 1 in labels, lambda labels: labels[0]):
        with pytest.raises(NotLoadedError, match=r"_Note\.labels was not loaded"):
            read(draft.labels)


def test_constructor_refuses_a_relation_to_many_records() -> None:
    with pytest.raises(TypeError, match=r"Pass it to _Note\.objects\.create, or set it in"):
        _Note(labels=[])
