"""The registry: entity types of an application, their paths, stores, scopes and signals."""

from __future__ import annotations

import types
from collections.abc import Iterator
from typing import Any

import pytest
from inflection import pluralize

from starmodel.core.classes.registry import Registry, defined_entities, entity_type
from starmodel.core.current_app import current_context, host_of, set_host
from starmodel.core.definition import defined as definitions
from starmodel.core.definition.info import signal_prefix
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import event
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.field import Field
from starmodel.core.fields.stores import BROWSER_STORES, StateStore, store_name


@pytest.fixture
def defined(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[tuple[str, str], type[Entity]]]:
    """An empty registry of defined classes, so that tests stay isolated."""
    classes: dict[tuple[str, str], type[Entity]] = {}
    monkeypatch.setattr(definitions, "_defined", classes)
    return classes  # type: ignore[return-value]


def _module(name: str, source: str) -> types.ModuleType:
    made = types.ModuleType(name)
    made.__dict__["Entity"] = Entity
    exec(source, made.__dict__)  # noqa: S102 - a module of this test's own
    return made


def _entity(name: str, *, required: bool = False, **config: Any) -> type[Entity]:
    body: dict[str, Any] = {
        "model_config": config,
        "__module__": "shop",
        "__qualname__": f"make.<locals>.{name}",
    }
    if required:
        body["__annotations__"] = {"needed": int}
    return type(name, (Entity,), body)


def test_defined_entities_are_those_at_module_level(defined: Any) -> None:
    source = """
class Shop(Entity): pass
class _Base(Entity): pass
def make():
    class Shelf(Entity): pass
make()
"""
    shop = _module("shop", source)
    assert defined_entities() == [shop.Shop]


def test_defined_entities_redefined_in_the_same_module_are_replaced(defined: Any) -> None:
    first = _module("shop", "class Shop(Entity): pass").Shop
    second = _module("shop", "class Shop(Entity):\n size: int = 0").Shop
    assert first is not second
    assert defined_entities() == [second]


def test_registry_with_one_name_from_two_modules_names_both(defined: Any) -> None:
    for name in ("shop", "depot"):
        _module(name, "class Shelf(Entity): pass")
    with pytest.raises(ConfigurationError, match=r"name: shop\.Shelf and depot\.Shelf.*entities="):
        Registry(defined_entities())


def test_registry_with_one_path_twice_names_both(defined: Any) -> None:
    first, second = _entity("Person", required=True), _entity("Folk", path="people")
    with pytest.raises(ConfigurationError, match=r"'/people'.*Person and .*Folk.*'path'"):
        Registry([first, second], pluralize=pluralize)


def test_registry_with_a_class_twice_takes_it_once() -> None:
    shop = _entity("Shop")
    assert [made.cls for made in Registry([shop, shop])] == [shop]


def test_registry_without_paths_has_no_clash() -> None:
    assert len(list(Registry([_entity("A", path=None), _entity("B", path=None)]))) == 2


def test_registry_unknown_class_error_lists_registered_ones() -> None:
    made = Registry([_entity("Shop")])
    with pytest.raises(ConfigurationError, match=r"shop\.make\.<locals>\.Other is not.*has Shop"):
        made[_entity("Other")]
    with pytest.raises(ConfigurationError, match="no entity 'Other'; this application has Shop"):
        made.named("Other")
    assert made.named("Shop").name == "Shop"


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("BlogPost", "/blogposts"), ("Category", "/categories"), ("Product", "/products"),
        ("Person", "/people"), ("Box", "/boxes"), ("Status", "/statuses"), ("News", "/news"),
        ("Child", "/children"), ("Bus", "/buses"),
    ],
)  # fmt: skip
def test_path_of_a_record_is_its_english_plural(name: str, path: str) -> None:
    assert entity_type(_entity(name, required=True), "memory", pluralize).path == path


@pytest.mark.parametrize("scope", ["session", "user", "app"])
def test_path_of_a_scoped_entity_is_its_name(scope: str) -> None:
    assert entity_type(_entity("UserSession", scope=scope), "memory").path == "/usersession"


@pytest.mark.parametrize(
    ("config", "path"),
    [
        ({"plural": "Folk"}, "/folk"), ({"plural": "/folk/"}, "/folk"), ({"path": "team"}, "/team"),
        ({"path": "/a/b/"}, "/a/b"), ({"path": None}, None), ({"path": "x", "plural": "y"}, "/x"),
        ({"path": "/"}, "/"),
    ],
)  # fmt: skip
def test_path_with_an_override_is_that(config: dict[str, Any], path: str | None) -> None:
    assert entity_type(_entity("Person", required=True, **config), "memory").path == path


@pytest.mark.parametrize(
    ("config", "title"),
    [
        ({}, "Audit notes"), ({"plural": "notizen"}, "Notizen"), ({"path": "x"}, "Audit notes"),
        ({"plural": "audit-logs"}, "Audit logs"), ({"plural": "/shop/Logs/"}, "Logs"),
        ({"plural": "logs", "path": "x"}, "Logs"),
    ],
)  # fmt: skip
def test_plural_title_is_that_of_the_configured_plural(config: dict[str, Any], title: str) -> None:
    made = entity_type(_entity("AuditNote", required=True, **config), "memory", pluralize)
    assert (made.title, made.plural_title) == ("Audit note", title)


@pytest.mark.parametrize(
    ("store", "required", "scope"),
    [
        ("memory", False, "session"), ("memory", True, "record"), ("redis", False, "session"),
        ("redis", True, "record"), ("sql", False, "record"), ("sql", True, "record"),
        ("session_storage", False, "session"), ("local_storage", False, "session"),
        ("mongo", False, "session"), ("mongo", True, "record"),
    ],
)  # fmt: skip
def test_scope_undeclared_follows_store_and_fields(store: str, required: bool, scope: str) -> None:
    assert entity_type(_entity("Thing", required=required, store=store), "memory").scope == scope
    assert entity_type(_entity("Thing", required=required), store).scope == scope
    if store not in BROWSER_STORES:  # browser storage belongs to one visitor only
        declared = _entity("Thing", required=required, store=store, scope="app")
        assert entity_type(declared, "memory").scope == "app"


@pytest.mark.parametrize("store", [StateStore.SERVER_SQL, "server_sql", "sql"], ids=repr)
def test_store_in_each_spelling_is_the_same(store: Any) -> None:
    assert entity_type(_entity("Thing", store=store), "memory").store == "sql"


def test_store_name_of_every_store_is_short_or_unchanged() -> None:
    names = [store_name(store) for store in StateStore]
    assert names == ["memory", "sql", "redis", "session_storage", "local_storage", "custom"]
    assert store_name("mongo") == "mongo"


@pytest.mark.parametrize("store", [StateStore.CUSTOM, "custom"], ids=repr)
def test_store_custom_without_a_backend_is_an_error(store: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"store 'custom' but names no persistence_b"):
        entity_type(_entity("Thing", store=store), "memory")


def test_store_with_a_backend_only_is_custom() -> None:
    assert entity_type(_entity("Thing", persistence_backend=object()), "memory").store == "custom"


def test_events_of_a_record_override_the_built_in_ones() -> None:
    class Product(Entity):
        name: str

        @event
        def update(self) -> None:
            """Our own."""

        @event
        def adjust(self) -> None:
            """Nothing."""

    made = entity_type(Product, "memory")
    assert list(made.events) == ["create", "update", "delete", "adjust"]
    assert made.events["update"].owner == "Product"
    assert made.is_record


def test_events_of_a_scoped_entity_exclude_the_built_in_ones() -> None:
    assert entity_type(_entity("Thing"), "memory").events == {}


def test_title_defaults_to_the_words_of_the_name() -> None:
    made = entity_type(_entity("BlogPost"), "memory")
    assert (made.title, made.plural_title) == ("Blog post", "Blog posts")


@pytest.mark.parametrize(
    ("config", "synced"),
    [
        ({}, ["asked"]),
        ({"sync_with_client": True}, ["plain", "asked"]),
        ({"store": "local_storage"}, ["plain", "asked"]),
        ({"store": "client_session"}, ["plain", "asked"]),
        ({"store": "local_storage", "sync_with_client": False}, ["asked"]),
    ],
)
def test_synced_fields_follow_store_config_and_field(config: Any, synced: list[str]) -> None:
    class Form(Entity):
        model_config = config
        plain: str = ""
        asked: str = Field("", sync=True)
        refused: str = Field("", sync=False)
        closed: str = Field("", editable=False, sync=True)
        rows: list[int] = Field(default_factory=list, sync=True)

    assert entity_type(Form, "memory").synced == synced


def test_private_field_is_never_synced() -> None:
    class Form(Entity):
        model_config = EntityConfig(sync_with_client=True)
        plain: str = ""
        hidden: str = Field("", private=True, sync=True)

    assert entity_type(Form, "memory").synced == ["plain"]


def test_signal_is_named_by_class_namespace_or_alone() -> None:
    class Plain(Entity):
        count: int = 0

    class Named(Entity):
        model_config = EntityConfig(namespace="cart")
        count: int = 0

    class Bare(Entity):
        model_config = EntityConfig(use_namespace=False)
        count: int = 0

    signals = [str(cls.count_signal) for cls in (Plain, Named, Bare)]
    assert signals == ["$Plain.count", "$cart.count", "$count"]
    assert Plain.Scount == Plain.count_signal
    assert [signal_prefix(cls) for cls in (Plain, Named, Bare)] == ["Plain.", "cart.", ""]
    assert Plain().count_signal == Plain.count_signal


def test_signal_of_an_inherited_field_is_named_by_the_subclass() -> None:
    class Base(Entity):
        count: int = 0

    class Child(Base):
        pass

    assert str(Child.count_signal) == "$Child.count"
    assert str(Base.count_signal) == "$Base.count"


def test_signal_does_not_replace_what_the_class_has() -> None:
    class Race(Entity):
        tart: int = 0
        car: int = 0
        car_signal: str = ""

        def Start(self) -> str:  # noqa: N802 - the very clash
            return "started"

    assert Race().Start() == "started"
    assert Race(car_signal="x").car_signal == "x"
    assert str(Race.tart_signal) == "$Race.tart"


class _Host:
    def __init__(self, *entities: type[Entity]) -> None:
        self.entities = entities

    def has(self, entity: type[Entity]) -> bool:
        return entity in self.entities

    def objects(self, entity: type[Entity]) -> Any:
        return self, entity

    async def own(self, entity: type[Entity], request: Any) -> Any:
        return entity, request

    def namespace(self, entity: Entity) -> str:
        return f"r{entity.id}"

    def render_action(self, action: Any) -> str:
        return f"@post('{action.event}')"

    def show(self, entity: Entity, view: str = "") -> None:
        """Nothing."""


async def test_host_is_the_current_application_or_the_last() -> None:
    shop = _entity("Shop")
    with pytest.raises(ConfigurationError, match="Shop belongs to no application yet"):
        host_of(shop)
    with pytest.raises(ConfigurationError):
        _ = shop.objects
    last, current, stranger = _Host(shop), _Host(shop), _Host()
    set_host(shop, last)
    assert host_of(shop) is last
    for host, expected in ((current, current), (stranger, last)):
        token = current_context.set(types.SimpleNamespace(host=host))
        assert host_of(shop) is expected
        assert await shop.get("request") == (shop, "request")
        assert shop.objects == (expected, shop)
        current_context.reset(token)


def test_host_assigns_a_signal_name_per_record() -> None:
    class Shelf(Entity):
        count: int = 0

        @event
        def fill(self) -> None:
            """Nothing."""

    token = current_context.set(types.SimpleNamespace(host=_Host(Shelf)))
    try:
        assert str(Shelf(id="7").count_signal) == "$r7.count"
        assert str(Shelf.count_signal) == "$Shelf.count"
        assert str(Shelf.fill()) == Shelf.fill.__html__() == "@post('fill')"
    finally:
        current_context.reset(token)


def test_earlier_name_of_a_class_that_still_exists_is_refused() -> None:
    article = _entity("Article", renamed_from="Product")
    with pytest.raises(ConfigurationError, match="there still is an entity of that name: shop"):
        Registry([article, _entity("Product")])
    assert [each.name for each in Registry([article])] == ["Article"]


def test_earlier_name_of_two_classes_is_refused() -> None:
    classes = [_entity(name, renamed_from="Product") for name in ("Article", "Goods")]
    with pytest.raises(ConfigurationError, match="Article and Goods are both renamed_from"):
        Registry(classes)
