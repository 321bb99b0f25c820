"""Drafts: private copies, validated at every commit, with leases and recorded reads."""

from __future__ import annotations

import copy
import json
import pickle
from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable
from functools import cached_property
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, RootModel, field_validator

from starmodel.core.changes.copies import Lease
from starmodel.core.changes.drafts import Facts, close_draft, open_draft, reads_of, reset_draft
from starmodel.core.entity import Entity
from starmodel.core.errors import InvalidStateError, StaleDraftError
from starmodel.core.snapshot import stored, version_of


class _Item(BaseModel):
    model_config = ConfigDict(extra="forbid")
    qty: int = Field(1, ge=0, alias="Qty", validate_default=True)
    _seen: int = PrivateAttr(default=0)

    @cached_property
    def label(self) -> str:
        return f"{self.qty} pieces"


class _Named(BaseModel):
    model_config = ConfigDict(populate_by_name=True, extra="allow")
    item: _Item = Field(default_factory=_Item, alias="Item")


class _Items(RootModel[list[_Item]]):
    pass


class _Box(Entity):
    name: str = Field("", max_length=5, alias="Name")
    item: _Item = Field(default_factory=_Item)
    rows: list[_Item] = Field(default_factory=lambda: [_Item()])
    by_name: dict[str, _Item] = Field(default_factory=lambda: {"a": _Item()})
    pair: tuple[_Item, ...] = Field(default_factory=lambda: (_Item(),))
    deep: dict[str, list[_Item]] = Field(default_factory=lambda: {"a": [_Item()]})
    named: _Named = Field(default_factory=_Named)
    root: _Items = Field(default_factory=lambda: _Items([_Item()]))
    queue: deque[_Item] = Field(default_factory=lambda: deque([_Item()]))
    groups: defaultdict[str, list[_Item]] = Field(
        default_factory=lambda: defaultdict(list, {"a": [_Item()]})
    )
    ordered: OrderedDict[str, _Item] = Field(default_factory=lambda: OrderedDict(a=_Item()))
    numbers: list[int] = Field(default_factory=lambda: [1, 2])
    tags: set[str] = Field(default_factory=lambda: {"a"})
    data: dict[str, Any] = Field(default_factory=lambda: {"a": [1]})


class _Count(Entity):
    count: int = 0
    other: int = 0
    rows: list[int] = Field(default_factory=list)

    @property
    def double(self) -> int:
        return self.count * 2


def _open(entity: Any, lease: Lease | None = None) -> Any:
    return open_draft(entity, Facts(), lease)


WAYS: dict[str, Callable[[Any], _Item]] = {
    "item": lambda box: box.item,
    "rows": lambda box: box.rows[0],
    "by_name": lambda box: box.by_name["a"],
    "pair": lambda box: box.pair[0],
    "deep": lambda box: box.deep["a"][0],
    "named": lambda box: box.named.item,
    "root": lambda box: box.root.root[0],
    "queue": lambda box: box.queue[0],
    "groups": lambda box: box.groups["a"][0],
    "ordered": lambda box: box.ordered["a"],
}


@pytest.mark.parametrize("lease", [None, Lease()])
@pytest.mark.parametrize("way", WAYS)
def test_close_draft_with_invalid_nested_model_names_the_field(
    way: str, lease: Lease | None
) -> None:
    draft = _open(_Box(), lease)
    WAYS[way](draft).qty = -1
    with pytest.raises(InvalidStateError, match=rf"_Box: {way}: .*greater than") as caught:
        close_draft(draft)
    assert list(caught.value.fields) == [way]


@pytest.mark.parametrize("lease", [None, Lease()])
@pytest.mark.parametrize("way", WAYS)
def test_close_draft_with_changed_nested_model_stores_it(way: str, lease: Lease | None) -> None:
    box = _Box()
    draft = _open(box, lease)
    WAYS[way](draft).qty = 7
    made = close_draft(draft)
    assert WAYS[way](made).qty == 7
    assert WAYS[way](box).qty == 1
    assert type(getattr(made, way)) is type(getattr(box, way))


def test_close_draft_with_a_wrong_value_names_the_field_not_its_alias() -> None:
    draft = _open(_Box())
    draft.name = "too long"
    draft.numbers.append("x")
    with pytest.raises(InvalidStateError) as caught:
        close_draft(draft)
    assert list(caught.value.fields) == ["name", "numbers"]


def test_close_draft_converts_as_pydantic_does() -> None:
    draft = _open(_Count())
    draft.count = "3"
    draft.rows.append("4")
    made = close_draft(draft)
    assert (made.count, made.rows) == (3, [4])


def test_close_draft_keeps_extras_and_private_attributes_of_nested_models() -> None:
    box = _Box()
    box.item._seen = 3
    draft = _open(box)
    draft.named.more = 5
    made = close_draft(draft)
    assert made.item._seen == 3
    assert made.named.more == 5


def test_close_draft_recomputes_cached_property() -> None:
    box = _Box()
    assert box.item.label == "1 pieces"
    draft = _open(box)
    draft.item.qty = 2
    assert close_draft(draft).item.label == "2 pieces"


def test_close_draft_leaves_the_draft_open_and_separate() -> None:
    draft = _open(_Box())
    made = close_draft(draft)
    draft.rows.append(_Item())
    draft.item.qty = 9
    draft.data["a"].append(2)
    assert (len(made.rows), made.item.qty, made.data) == (1, 1, {"a": [1]})


def test_close_draft_keeps_the_version() -> None:
    assert version_of(close_draft(_open(stored(_Count(), 8)))) == 8


def test_close_draft_of_a_loaded_row_that_no_longer_validates_can_repair_it() -> None:
    broken = stored(_Count.model_construct(id="x", count="many", other=0, rows=[]), 2)
    draft = _open(broken)
    with pytest.raises(InvalidStateError, match="count"):
        close_draft(draft)
    draft.count = 1
    assert close_draft(draft).count == 1


def test_close_draft_of_a_scalar_that_a_validator_made_mutable_shares_nothing() -> None:
    class Split(Entity):
        words: str = Field("a b", validate_default=True)

        @field_validator("words", mode="plain")
        @classmethod
        def _split(cls, value: Any) -> Any:
            return value.split() if isinstance(value, str) else list(value)

    split = Split()
    draft = _open(split)
    draft.words.append("c")
    assert split.words == ["a", "b"]


CHANGES: dict[str, Callable[[Any], Any]] = {
    "append": lambda box: box.numbers.append(1),
    "extend": lambda box: box.numbers.extend([1]),
    "insert": lambda box: box.numbers.insert(0, 1),
    "remove": lambda box: box.numbers.remove(1),
    "pop": lambda box: box.numbers.pop(),
    "clear": lambda box: box.numbers.clear(),
    "sort": lambda box: box.numbers.sort(),
    "reverse": lambda box: box.numbers.reverse(),
    "setitem": lambda box: box.numbers.__setitem__(0, 1),
    "delitem": lambda box: box.numbers.__delitem__(0),
    "iadd": lambda box: box.numbers.__iadd__([1]),
    "imul": lambda box: box.numbers.__imul__(2),
    "dict_setitem": lambda box: box.data.__setitem__("a", 1),
    "dict_delitem": lambda box: box.data.__delitem__("a"),
    "dict_update": lambda box: box.data.update(a=1),
    "dict_setdefault": lambda box: box.data.setdefault("b", 1),
    "dict_pop": lambda box: box.data.pop("a"),
    "dict_popitem": lambda box: box.data.popitem(),
    "dict_clear": lambda box: box.data.clear(),
    "dict_ior": lambda box: box.data.__ior__({"b": 1}),
    "dict_deep": lambda box: box.data["a"].append(1),
    "set_add": lambda box: box.tags.add("b"),
    "set_discard": lambda box: box.tags.discard("a"),
    "set_remove": lambda box: box.tags.remove("a"),
    "set_pop": lambda box: box.tags.pop(),
    "set_clear": lambda box: box.tags.clear(),
    "set_update": lambda box: box.tags.update({"b"}),
    "set_difference_update": lambda box: box.tags.difference_update({"a"}),
    "set_intersection_update": lambda box: box.tags.intersection_update({"a"}),
    "set_symmetric_difference_update": lambda box: box.tags.symmetric_difference_update({"a"}),
    "set_ior": lambda box: box.tags.__ior__({"b"}),
    "set_iand": lambda box: box.tags.__iand__({"b"}),
    "set_isub": lambda box: box.tags.__isub__({"b"}),
    "set_ixor": lambda box: box.tags.__ixor__({"b"}),
    "list_in_a_nested_model": lambda box: box.root.root.append(_Item()),
}


@pytest.mark.parametrize("change", CHANGES)
def test_lease_lets_containers_change_until_it_is_over(change: str) -> None:
    lease = Lease()
    CHANGES[change](_open(_Box(), lease))
    draft = _open(_Box(), lease)
    lease.over = True
    before = draft.model_dump()
    with pytest.raises(StaleDraftError, match="before a yield"):
        CHANGES[change](draft)
    assert draft.model_dump() == before


def test_lease_guards_every_method_that_changes_a_container() -> None:
    reading = {"copy", "count", "index", "get", "items", "keys", "values", "fromkeys"}
    reading |= {"difference", "intersection", "isdisjoint", "issubset", "issuperset"}
    reading |= {"symmetric_difference", "union"}
    draft = _open(_Box(), Lease())
    for container in (draft.numbers, draft.data, draft.tags):
        plain = type(container).__mro__[1]
        names = {name for name in vars(plain) if not name.startswith("_")} - reading
        names |= {name for name in vars(plain) if name.startswith("__i")} - {"__iter__", "__init__"}
        names |= {"__init_subclass__"} & names
        assert {n for n in names if n not in vars(type(container))} <= {"__init_subclass__"}


def test_leased_containers_behave_as_ordinary_ones() -> None:
    draft = _open(_Box(), Lease())
    assert draft.numbers == [1, 2]
    assert json.dumps(draft.data) == '{"a": [1]}'
    assert isinstance(draft.tags, set)
    assert sorted(draft.numbers, reverse=True) == [2, 1]


def test_copy_of_a_leased_container_is_an_ordinary_one_for_good() -> None:
    lease = Lease()
    draft = _open(_Box(), lease)
    copies = [
        copy.copy(draft.data),
        copy.deepcopy(draft.data),
        pickle.loads(pickle.dumps(draft.data)),  # noqa: S301 - our own bytes
    ]
    lease.over = True
    for made in (*copies, copy.deepcopy(draft.data)):
        assert type(made) is dict
        made["b"] = 1
    for made in copies[1:]:
        made["a"].append(2)


def test_snapshot_of_a_leased_draft_has_no_leased_container_left() -> None:
    draft = _open(_Box(), Lease())
    draft.data["x"] = draft.data["a"]
    for made in (close_draft(draft), draft.evolve(data={"y": draft.data["a"]}), copy.copy(draft)):
        assert type(made) is _Box
        assert {type(value) for value in made.data.values()} == {list}
        assert type(made.numbers) is list


def test_reads_of_a_leased_draft_are_recorded() -> None:
    draft = _open(_Count(), Lease())
    assert reads_of(draft) == set()
    assert draft.double == 0
    draft.other = 5
    assert reads_of(draft) == {"count"}
    draft.rows.append(1)
    assert reads_of(draft) == {"count", "rows"}


@pytest.mark.parametrize(
    "read",
    [lambda draft: draft.model_dump(), dict, lambda draft: draft == _Count(),
     lambda draft: draft.model_dump_json(), repr],
    ids=["dump", "dict", "equality", "json", "repr"],
)  # fmt: skip
def test_reads_of_a_leased_draft_shown_as_a_whole_are_all_fields(read: Any) -> None:
    draft = _open(_Count(), Lease())
    read(draft)
    assert reads_of(draft) == {"id", "count", "other", "rows"}


def test_reads_by_the_framework_are_not_recorded() -> None:
    draft = _open(_Count(), Lease())
    draft.evolve(count=1)
    close_draft(draft)
    reset_draft(draft, _Count(), Lease())
    assert reads_of(draft) == set()


def test_leased_draft_is_an_instance_of_its_class() -> None:
    draft = _open(_Count(id="x"), Lease())
    assert isinstance(draft, _Count)
    assert draft.__class__ is _Count
    assert draft == _Count(id="x")
    assert draft.evolve().__class__ is _Count
    assert type(draft)(id="y").count == 0
    assert type(close_draft(draft)) is _Count


def test_watched_class_is_not_registered() -> None:
    before = _Count.__subclasses__()
    _open(_Count(), Lease())
    _open(_Count(), Lease())
    assert len(_Count.__subclasses__()) <= len(before) + 1
    assert _Count.__entity__.recording_cls.__entity__.cls is _Count
