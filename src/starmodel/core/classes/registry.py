"""The registry of an application: entity types with their store, scope, path and titles."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pydantic import BaseModel

from starmodel.core.classes.children import Children, all_children
from starmodel.core.classes.foreign_keys import ForeignKey
from starmodel.core.classes.implicit_links import Side, implicit_links, is_implicit
from starmodel.core.classes.relations import Resolved, dependents, referenced, resolve
from starmodel.core.classes.shown_records import ShownRecords, shown_records
from starmodel.core.classes.stored_apart import check_foreign_keys
from starmodel.core.definition.browser_stores import check_browser_store
from starmodel.core.definition.defined import defined_classes
from starmodel.core.definition.hooks import hooks_of
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import Event
from starmodel.core.events.built_in import BUILT_IN
from starmodel.core.fields.entity_config import EntityConfig
from starmodel.core.fields.nested import all_models
from starmodel.core.fields.relations import relations_of
from starmodel.core.fields.stores import BROWSER_STORES, StateStore, store_name
from starmodel.core.snapshot import Snapshot
from starmodel.core.translations import translated
from starmodel.core.values.words import title_of

Pluralize = Callable[[str], str]

# Paths that StarModel and its plugins serve, each with every path below it.
RESERVED_PATHS = (
    "/_starmodel", "/admin", "/auth", "/docs", "/openapi.json", "/sign-in", "/sign-out",
    "/sign-up", "/static",
)  # fmt: skip


def add_s(word: str) -> str:
    """The plural of regular nouns; the default of `pluralize`."""
    return f"{word}s"


def defined_entities() -> list[type[Entity]]:
    """The entity classes defined at module level, in order of definition."""
    return defined_classes()


@dataclass(frozen=True)
class EntityType:
    """An entity class with the options that one application resolved for it.

    Shapes: store is a short name; path is the URL prefix ("/products"),
    or None when the class has no pages; events include create, update
    and delete for records; source_title and source_plural are for people, before translation:
    "Blog post", "Blog posts"; known has the entity classes of the application by name.
    """

    cls: type[Entity]
    name: str
    store: str
    scope: str
    path: str | None
    crud: bool
    ttl_s: float | None
    events: dict[str, Event[Any, Any, Any]]
    source_title: str
    source_plural: str
    known: Mapping[str, type[Entity]] = field(default_factory=dict, compare=False, repr=False)

    @property
    def title(self) -> str:
        """The title of one record, in the visitor's language."""
        return translated(self.source_title)

    @property
    def plural_title(self) -> str:
        """The title of several records, in the visitor's language."""
        return translated(self.source_plural)

    @cached_property
    def is_record(self) -> bool:
        return self.scope == "record"

    @cached_property
    def in_browser(self) -> bool:
        """True for a browser store: the client holds the state and sends it with requests."""
        own = self.cls.model_config.get("persistence_backend")
        return self.store in BROWSER_STORES and own is None

    @cached_property
    def auto_persist(self) -> bool:
        """False when only `await self.save()` commits changes of an event."""
        return bool(self.cls.model_config.get("auto_persist", True))

    @cached_property
    def signals(self) -> tuple[str, ...]:
        """The fields that are signals on pages; the visitor's own instance needs no id there."""
        names = self.cls.__entity__.signals
        return names if self.is_record else tuple(name for name in names if name != "id")

    @cached_property
    def synced(self) -> list[str]:
        """The fields whose signals are assigned to the draft before an event runs."""
        everything = self.cls.model_config.get("sync_with_client", self.in_browser)
        return [
            name
            for name, spec in self.cls.__entity__.fields.items()
            if spec.signal
            and spec.editable
            and (everything if spec.options.sync is None else spec.options.sync)
        ]

    @cached_property
    def from_actor(self) -> tuple[str, ...]:
        """The fields that have the id of the actor in a new record."""
        fields = self.cls.__entity__.fields.items()
        return tuple(name for name, spec in fields if spec.options.default_from == "actor")

    @cached_property
    def to_one(self) -> dict[str, Resolved]:
        """The relations to one record, by name. Raises: ConfigurationError."""
        relations = relations_of(self.cls).items()
        resolved = {name: resolve(self.cls, each, self.known) for name, each in relations}
        return {name: each for name, each in resolved.items() if not each.many}

    @cached_property
    def linked(self) -> dict[str, Resolved]:
        """The relations through a link class, by name. Raises: ConfigurationError."""
        relations = relations_of(self.cls).items()
        resolved = {name: resolve(self.cls, each, self.known) for name, each in relations}
        return {name: each for name, each in resolved.items() if each.link is not None}

    @cached_property
    def shown_links(self) -> dict[str, Resolved]:
        """The `linked` relations that pages show by titles.

        None through a declared class, whose records have access rules of their own.
        """
        shown = self.linked.items() if self.is_record else ()
        return {name: each for name, each in shown if each.link and is_implicit(each.link)}

    @cached_property
    def blank(self) -> Entity:
        """A snapshot of defaults, for access rules on a record that is not created yet."""
        return self.cls.model_construct()


class Registry:
    """The entity types of one application, by class and by name."""

    def __init__(
        self,
        entities: Iterable[type[Entity]],
        *,
        default_store: str = "memory",
        pluralize: Pluralize = add_s,
    ) -> None:
        self._types: dict[type[Snapshot], EntityType] = {}
        self._names: dict[str, EntityType] = {}
        self._paths: dict[str, EntityType] = {}
        known: dict[str, type[Entity]] = {}
        for cls in entities:
            self._add(replace(entity_type(cls, default_store, pluralize), known=known))
            known[cls.__entity__.name] = cls
        sides = {each.name: Side(each.cls, each.store, each.scope) for each in self}
        for cls in implicit_links(sides):
            self._add(replace(entity_type(cls, default_store, pluralize), known=known))
            known[cls.__entity__.name] = cls
        self._check_old_names()
        check_foreign_keys({each.cls: each.store for each in self})

    def _add(self, entity_type: EntityType) -> None:
        for seen, key in ((self._names, entity_type.name), (self._paths, entity_type.path)):
            other = seen.get(key) if key is not None else None
            if other is not None and other.cls is not entity_type.cls:
                what = "name" if seen is self._names else f"path {key!r}"
                raise ConfigurationError(
                    f"Two entities have the {what}: {_where(other.cls)} and "
                    f"{_where(entity_type.cls)}. Rename one, or pass create_app(entities=[…]) "
                    "with the one you mean"
                    + ("." if what == "name" else ", or set model_config['path'].")
                )
        if entity_type.path is not None:
            check_path(entity_type)
        self._types[entity_type.cls] = self._names[entity_type.name] = entity_type
        if entity_type.path is not None:
            self._paths[entity_type.path] = entity_type

    def _check_old_names(self) -> None:
        """Refuse an earlier name that another class has, or had. Raises: ConfigurationError."""
        claimed: dict[str, EntityType] = {}
        for entity_type in self:
            for old in entity_type.cls.__entity__.renamed_from:
                if old in self._names:
                    raise ConfigurationError(
                        f"{entity_type.name} is renamed_from {old!r}, and there still is an entity "
                        f"of that name: {_where(self._names[old].cls)}. Remove that class, or "
                        f"remove {entity_type.name}.model_config['renamed_from']."
                    )
                other = claimed.setdefault(old, entity_type)
                if other is not entity_type:
                    raise ConfigurationError(
                        f"{other.name} and {entity_type.name} are both renamed_from {old!r}. Only "
                        "one of them can have its records; remove renamed_from from the other."
                    )

    def __getitem__(self, cls: type[Snapshot]) -> EntityType:
        try:
            return self._types[cls]
        except KeyError:
            raise ConfigurationError(
                f"{_where(cls)} is not an entity of this application; it has "
                f"{', '.join(self._names) or 'none'}. Pass it in create_app(entities=[…])."
            ) from None

    def __contains__(self, cls: object) -> bool:
        return cls in self._types

    def get(self, cls: type[Snapshot]) -> EntityType | None:
        """The entity type of a class; None for an unregistered class."""
        return self._types.get(cls)

    def __iter__(self) -> Iterator[EntityType]:
        return iter(self._types.values())

    @cached_property
    def dependents(self) -> dict[type[Entity], list[tuple[type[Entity], ForeignKey]]]:
        """The foreign keys to each class that have an ON DELETE rule."""
        return dependents(entity_type.cls for entity_type in self)

    @cached_property
    def referenced(self) -> dict[type[Entity], dict[str, type[Entity]]]:
        """The class whose id each foreign key refers to, by class and field."""
        return referenced(entity_type.cls for entity_type in self)

    @cached_property
    def shown_records(self) -> ShownRecords:
        """The class of the record that pages show for each key or id of an actor."""
        return shown_records(self.referenced, {each.cls: each.from_actor for each in self})

    @cached_property
    def children(self) -> dict[type[Entity], tuple[Children, ...]]:
        """The relations of each class to records that refer to it."""
        return all_children(entity_type.cls for entity_type in self)

    def children_at(self, place: str) -> Children | None:
        """The children whose list has this place, such as "Order.lines"; None for no such list."""
        name, _, relation = place.rpartition(".")
        parent = self._names.get(name)
        every = () if parent is None else self.children.get(parent.cls, ())
        return next((each for each in every if each.name == relation), None)

    @cached_property
    def stored_models(self) -> frozenset[type[BaseModel]]:
        """The model types in fields of entities, recursively."""
        infos = (
            info for entity_type in self for info in entity_type.cls.__pydantic_fields__.values()
        )
        return frozenset(all_models(info.annotation for info in infos))

    @cached_property
    def models_by_title(self) -> dict[str, list[type[BaseModel]]]:
        """The entity classes and stored models by the title that validation errors name."""
        by_title: dict[str, list[type[BaseModel]]] = {}
        for model in [*self._types, *self.stored_models]:
            title = model.model_config.get("title") or model.__name__
            by_title.setdefault(title, []).append(model)
        return by_title

    def find(self, name: str) -> EntityType | None:
        """The entity type of that name, or None."""
        return self._names.get(name)

    def named(self, name: str) -> EntityType:
        """The entity type of that name. Raises: ConfigurationError, with the registered names."""
        if name not in self._names:
            raise ConfigurationError(
                f"There is no entity {name!r}; this application has {', '.join(self._names)}."
            )
        return self._names[name]


def check_path(entity_type: EntityType) -> None:
    """Reject a path of a built-in route. Raises: ConfigurationError."""
    path = f"{entity_type.path}/".lower()
    own = f"/{entity_type.cls.model_config.get('plugin', '')}/"  # "/auth/" of the plugin auth
    if path.startswith(own) and own != "//":
        return
    taken = next((word for word in RESERVED_PATHS if path.startswith(f"{word}/")), None)
    if taken is not None:
        raise ConfigurationError(
            f"{_where(entity_type.cls)} would be served at {entity_type.path}, and {taken} is "
            f"reserved for StarModel. Set another model_config['path'], such as '/my{taken}', "
            "or None for no pages."
        )


def entity_type(cls: type[Entity], default_store: str, pluralize: Pluralize = add_s) -> EntityType:
    """The entity type of a class, with store, scope, path and titles resolved.

    Raises: ConfigurationError, for incompatible options.
    """
    config = cls.model_config
    own_store = None
    for hooks in hooks_of(cls):
        hooks.registered(cls)
        own_store = own_store or hooks.default_store(cls)
    store_option = config.get("store")
    if store_option == StateStore.CUSTOM and not config.get("persistence_backend"):
        remedy = f"{own_store!r}, since its class is a table" if own_store else "a plugin's store"
        raise ConfigurationError(
            f"{cls.__name__} asks for store 'custom' but names no persistence_backend. "
            f"Give one, or use {remedy}."
        )
    if store_option is None:
        store_option = "custom" if config.get("persistence_backend") else None
    store = store_name(store_option or own_store or default_store)
    check_browser_store(cls, store)
    scope = config.get("scope") or _default_scope(cls, store)
    crud = config.get("crud", True)
    events = dict(cls.__entity__.events)
    if scope == "record":
        events = {**BUILT_IN, **events}
    name, title = cls.__entity__.name, title_of(cls.__name__)
    path = _path(cls, scope, pluralize)
    own_plural = config.get("plural", "").strip("/").rpartition("/")[2]
    plural_title = title_of(own_plural.replace("-", "_")) or pluralize(title)
    return EntityType(
        cls, name, store, scope, path, crud, config.get("ttl"), events, title, plural_title
    )


def _default_scope(cls: type[Entity], store: str) -> str:
    required = any(info.is_required() for info in cls.__pydantic_fields__.values())
    return "record" if store == "sql" or required else "session"


def _path(cls: type[Entity], scope: str, pluralize: Pluralize) -> str | None:
    config: EntityConfig = cls.model_config
    name = cls.__name__.lower()
    if "path" in config:
        path = config["path"]
        return None if path is None else "/" + path.strip("/")
    if scope == "record":
        name = config.get("plural", pluralize(name)).strip("/").lower()
    plugin = config.get("plugin")
    return f"/{plugin}/{name}" if plugin else f"/{name}"


def _where(cls: type[Snapshot]) -> str:
    return f"{cls.__module__}.{cls.__qualname__}"
