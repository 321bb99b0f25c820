"""The order and the groups of the links in the side bar."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from starmodel.app.presentation.extensions import NavEntry
from starmodel.app.presentation.own_pages import page_of
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.classes.registry import Registry
from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError

Link = MountedResource | NavEntry
_Key = type[Entity] | str


class NavGroup(NamedTuple):
    """Links below one heading. Shapes: title is "" for links without a heading."""

    title: str
    links: tuple[Link, ...]


class Navigation:
    """The declared order of an application: `create_app(navigation=[…])`.

    Pages of the application come first, then entities, then entries of plugins, unless the
    declaration orders them. What it does not name follows.

    Shapes: declared holds entity classes or their names, pages or their paths, and mappings of a
    group's title to such a list.
    Raises: ConfigurationError, for an unknown class; `check` for an unknown path.
    """

    def __init__(self, declared: Iterable[Any] | None = None, registry: Registry | None = None):
        self._registry = registry
        self._places: dict[_Key, tuple[int, str | None]] = {}
        if declared is None:
            return
        if isinstance(declared, str | Mapping) or not isinstance(declared, Iterable):
            raise ConfigurationError(
                f"navigation is {declared!r}; expected a list of entity classes, pages, and "
                "groups such as {'Stock': [Product]}."
            )
        for item in declared:
            if isinstance(item, Mapping):
                for title, inside in item.items():
                    self._add_group(title, inside)
            else:
                self._add(item, None)

    @property
    def paths(self) -> frozenset[str]:
        """The paths that the declaration names."""
        return frozenset(key for key in self._places if isinstance(key, str))

    def check(self, paths: Iterable[str]) -> None:
        """Refuse declared paths that no page has. Raises: ConfigurationError."""
        known = set(paths)
        for path in sorted(self.paths - known):
            raise ConfigurationError(
                f"navigation names {path!r}, which no page has; there are "
                f"{', '.join(sorted(known)) or 'none'}."
            )

    def groups(
        self, resources: Sequence[MountedResource], entries: Sequence[NavEntry]
    ) -> tuple[NavGroup, ...]:
        """The links of one visitor by group, those without a group first.

        Shapes: resources and entries are those that the visitor may see.
        """
        own = [entry for entry in entries if entry.is_own]
        replaced = {entry.path for entry in own}  # by a page of the application at their path
        shown = [
            resource
            for resource in resources
            if resource.entity_type.cls.model_config.get("nav") is not False
            and resource.path not in replaced
        ]
        links: list[Link] = [*own, *shown, *(entry for entry in entries if not entry.is_own)]
        last = len(self._places)
        links.sort(key=lambda link: self._places.get(_key(link), (last, None))[0])
        found: dict[str, list[Link]] = {"": []}
        for link in links:
            found.setdefault(self._group(link), []).append(link)
        return tuple(NavGroup(title, tuple(inside)) for title, inside in found.items() if inside)

    def _group(self, link: Link) -> str:
        declared = self._places.get(_key(link), (0, None))[1]
        if declared is not None:
            return declared
        if isinstance(link, NavEntry):
            return link.group
        return str(link.entity_type.cls.model_config.get("group") or "")

    def _add_group(self, title: Any, inside: Any) -> None:
        if not isinstance(title, str) or not title:
            raise ConfigurationError(
                f"navigation has the group {title!r}; expected its title, such as 'Stock'."
            )
        if isinstance(inside, str | Mapping) or not isinstance(inside, Iterable):
            raise ConfigurationError(
                f"navigation has {inside!r} in the group {title!r}; expected a list."
            )
        for item in inside:
            self._add(item, title)

    def _add(self, item: Any, group: str | None) -> None:
        key = self._key_of(item)
        if key in self._places:
            raise ConfigurationError(f"navigation names {item!r} twice; remove one.")
        self._places[key] = (len(self._places), group)

    def _key_of(self, item: Any) -> _Key:
        own = page_of(item)
        if own is not None:
            return own.path
        if isinstance(item, str) and item.startswith("/"):
            return item
        types = list(self._registry or ())
        entity_type = next((each for each in types if item in (each.cls, each.name)), None)
        if entity_type is None:
            names = ", ".join(each.name for each in types)
            raise ConfigurationError(
                f"navigation names {item!r}; expected an entity ({names}), a page or its path, "
                "or a group such as {'Stock': [Product]}."
            )
        return entity_type.cls


def _key(link: Link) -> _Key:
    return link.path if isinstance(link, NavEntry) else link.entity_type.cls


def path_of(link: Link) -> str:
    """The path of a link below the mount point of the application."""
    return link.path or ""


def current_link(
    path: str, resources: Sequence[MountedResource], entries: Sequence[NavEntry]
) -> Link | None:
    """The link that a page belongs to: its own, else the nearest one above its path."""
    links: list[Link] = [*entries, *resources]
    above = [link for link in links if path == path_of(link) or _is_below(path, path_of(link))]
    return max(above, key=lambda link: len(path_of(link)), default=None)


def _is_below(path: str, parent: str) -> bool:
    return parent not in ("", "/") and path.startswith(f"{parent}/")
