"""The resources of an application, grouped by URL prefix into areas."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from starmodel.app.access.area_policy import AreaPolicy
from starmodel.app.access.expressions.reads import read_fields_of
from starmodel.app.access.policy import AccessPolicy, RelatedFields
from starmodel.app.context import current_context
from starmodel.app.presentation.resource import MountedResource, Resource
from starmodel.core.classes.children import Children
from starmodel.core.classes.registry import RESERVED_PATHS, EntityType, Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.snapshot import Snapshot

_PREFIX = re.compile(r"(/[a-z0-9][a-z0-9_-]*){1,4}")
_OWN_PATHS = tuple(path for path in RESERVED_PATHS if path != "/admin")


class Area:
    """The resources below one prefix; a class without one there has that of the default area.

    Shapes: prefix is "" for the default area; policy decides about every class that
    is reached in the area; pages are the resources that its navigation may show.
    """

    __slots__ = ("_default", "_resources", "pages", "policy", "prefix")

    def __init__(
        self,
        prefix: str,
        policy: AccessPolicy,
        types: Iterable[EntityType],
        default: Area | None = None,
    ) -> None:
        self.prefix, self.policy, self._default = prefix, policy, default
        self._resources = {t.cls: MountedResource(t, prefix, policy) for t in types}
        self.pages: tuple[MountedResource, ...] = ()

    def __getitem__(self, entity_type: EntityType) -> MountedResource:
        if self._default is None or entity_type.cls in self._resources:
            return self._resources[entity_type.cls]
        return self._default[entity_type]

    def collect_pages(self) -> None:
        """Let the navigation show the resources whose list, or one page, is served."""
        reached = (self[resource.entity_type] for resource in self._default or self)
        self.pages = tuple(resource for resource in reached if "list" in resource.pages)

    def __iter__(self) -> Iterator[MountedResource]:
        """Iterate over the area's own resources."""
        return iter(self._resources.values())


class Areas:
    """The areas of one application. Iterates over every resource, those without a prefix first.

    Raises: ConfigurationError, for a resource whose address is taken or invalid.
    """

    def __init__(
        self, registry: Registry, policy: AccessPolicy, declared: Iterable[Resource] = ()
    ) -> None:
        self._registry = registry
        self._declared: dict[tuple[str, type[Entity]], Resource] = {}
        for resource in declared:
            self._declare(resource)
        own = self._policies("")
        self.default = Area("", AreaPolicy(own, policy), registry)
        self._areas = {"": self.default}
        for prefix in dict.fromkeys(prefix for prefix, _ in self._declared if prefix):
            types = [registry[cls] for at, cls in self._declared if at == prefix]
            policies = self._policies(prefix)
            decides = AreaPolicy(policies, self.default.policy) if policies else self.default.policy
            self._areas[prefix] = Area(prefix, decides, types, self.default)

    @property
    def current(self) -> Area:
        """The area of the current request or rendering, else the default area."""
        context = current_context.get()
        area: Area | None = None if context is None else context.area
        return self.default if area is None else area

    def current_resource(self, cls: type[Snapshot]) -> MountedResource:
        """The resource of a class in the current area."""
        return self.current[self._registry[cls]]

    def referenced(self, entity_type: EntityType) -> dict[str, MountedResource]:
        """The resource in the current area of the records that each foreign key refers to."""
        targets = self._registry.referenced.get(entity_type.cls, {})
        return {field: self.current_resource(cls) for field, cls in targets.items()}

    def shown_records(self, entity_type: EntityType) -> dict[str, MountedResource]:
        """The resource in the current area of the records that pages show by their titles."""
        targets = self._registry.shown_records.get(entity_type.cls, {})
        return {field: self.current_resource(cls) for field, cls in targets.items()}

    def children_at(self, place: str) -> Children | None:
        """The children that the list with this place shows; None for a list page."""
        return self._registry.children_at(place) if place else None

    def of(self, resource: MountedResource) -> Area:
        """The area of a resource."""
        return self._areas[resource.prefix]

    def collect_pages(self) -> None:
        """Let navigation show what is served, after the routes of pages were added."""
        for area in self._areas.values():
            area.collect_pages()

    def find(self, prefix: str) -> Area | None:
        """The area of that prefix, or None."""
        return self._areas.get(prefix)

    def named(self, name: str) -> MountedResource:
        """The resource of that name. Raises: ConfigurationError, with the names."""
        found = next((resource for resource in self if resource.name == name), None)
        if found is None:
            names = ", ".join(resource.name for resource in self)
            raise ConfigurationError(f"There is no resource {name!r}; expected one of {names}.")
        return found

    @property
    def by_prefix(self) -> Iterable[Area]:
        """Every area, the default one first."""
        return self._areas.values()

    def declared(self, resource: MountedResource) -> Resource | None:
        """What the application declared for the resource, None for one by default."""
        return self._declared.get((resource.prefix, resource.entity_type.cls))

    def reads_fields(self, entity_type: EntityType) -> bool:
        """Whether read access to records of the class depends on their fields in any area."""
        return any(area.policy.reads_fields(entity_type) for area in self._areas.values())

    def related_fields(self) -> Iterator[tuple[EntityType, RelatedFields]]:
        """The fields of other records that read decisions on each class depend on, by area."""
        for area in self._areas.values():
            for entity_type in self._registry:
                yield entity_type, read_fields_of(area.policy, entity_type).related

    def render_with(self, ui: Any, resources: Iterable[MountedResource]) -> None:
        """Let these resources be rendered by a UI adapter."""
        for resource in resources:
            resource.ui = ui

    def __iter__(self) -> Iterator[MountedResource]:
        for area in self.by_prefix:
            yield from area

    def _paths_of_resources(self) -> Iterator[str]:
        for prefix, cls in self._declared:
            if prefix:
                yield f"{prefix}{self._registry[cls].path}"
        for entity_type in self._registry:
            if entity_type.path is not None:
                yield entity_type.path

    def _policies(self, prefix: str) -> dict[type[Entity], AccessPolicy]:
        return {
            cls: resource.policy
            for (at, cls), resource in self._declared.items()
            if at == prefix and resource.policy is not None
        }

    def _declare(self, resource: Resource) -> None:
        if not isinstance(resource, Resource):
            raise ConfigurationError(f"resources holds {resource!r}; expected Resource objects.")
        if not isinstance(resource.entity, type) or not isinstance(resource.prefix, str):
            raise ConfigurationError(
                f"{resource!r}: expected an entity class, and a prefix such as '/admin'."
            )
        entity_type, prefix = self._registry[resource.entity], resource.prefix
        where = f"Resource({entity_type.name}, prefix={prefix!r})"
        if prefix and not _PREFIX.fullmatch(prefix):
            raise ConfigurationError(
                f"{where}: expected a prefix such as '/admin', of at most four segments of "
                "lowercase letters, digits, '-' and '_'."
            )
        if entity_type.path is None:
            raise ConfigurationError(f"{where}: the class has path=None, so it has no address.")
        if resource.policy is not None and (
            isinstance(resource.policy, type) or not hasattr(resource.policy, "check")
        ):
            raise ConfigurationError(
                f"{where}: policy is {resource.policy!r}; expected an AccessPolicy."
            )
        key = (prefix, entity_type.cls)
        if key in self._declared:
            raise ConfigurationError(f"{where} is declared twice; give one of them another prefix.")
        taken = [*_OWN_PATHS, *(str(t.path) for t in self._registry if t.path and prefix)]
        for path in taken:
            if prefix and f"{prefix}/".startswith(f"{path}/"):
                raise ConfigurationError(f"{where}: {path} is served already; use another prefix.")
        path = f"{prefix}{entity_type.path}"
        for other in self._paths_of_resources() if prefix else ():
            if f"{path}/".startswith(f"{other}/") or f"{other}/".startswith(f"{path}/"):
                raise ConfigurationError(
                    f"{where} would be served at {path}, which collides with {other}. "
                    "Use another prefix."
                )
        self._declared[key] = resource
