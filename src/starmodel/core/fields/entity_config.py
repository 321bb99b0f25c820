"""The keys of an entity's `model_config`, and their check."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import ConfigDict

from starmodel.core.errors import ConfigurationError
from starmodel.core.fields.access_rules import AccessRule, check_access
from starmodel.core.fields.arguments import old_names
from starmodel.core.fields.form_layout import Fieldset, Tab
from starmodel.core.fields.stores import StateStore

Scope = Literal["session", "user", "app", "record"]


class EntityConfig(ConfigDict, total=False):
    """pydantic's configuration and StarModel's own keys.

    Shapes: list_display, search_fields and list_filter name fields, for the columns, the search and
    the filters of lists; list_order is their order where the visitor has chosen none, such as
    "-due,title"; list_editable names the fields whose cells in lists are edited in place; board
    names the choice field whose members are the columns of a board, or has it as "by", with "card",
    "order" and "moves"; views are lists under a name, as the query strings of their URLs;
    list_totals names number fields whose sums the last row shows, or maps them to "sum", "avg",
    "min", "max" or "count"; fieldsets maps the headings of forms to the fields below them, or lists
    `Fieldset` and `Tab`; list_display and search_fields may name fields of a related record,
    "customer.name"; title_field names the field, or the computed field, that titles a record;
    children names the relations that record pages list, all of them by default, and inlines those
    with inputs in the forms of the class; plugin is the name of the plugin that the class belongs
    to; icon is the picture beside its title in the navigation, group the heading above it there,
    and nav=False leaves it out there; actors is True for the class whose ids are those of actors;
    renamed_from are earlier names of this class, not of its subclasses; access is one rule, or
    rules by "read", "write", "create", "update" and "delete".
    Units: ttl is in seconds.
    """

    store: StateStore | str
    scope: Scope
    ttl: float
    namespace: str
    use_namespace: bool
    auto_persist: bool
    sync_with_client: bool
    persistence_backend: Any
    cache: StateStore | str
    path: str | None
    plugin: str
    renamed_from: str | Iterable[str]
    plural: str
    crud: bool
    access: AccessRule | Mapping[str, AccessRule]
    editable: bool | Iterable[str]
    history: bool
    icon: str
    group: str
    nav: bool
    actors: bool
    list_display: Iterable[str]
    search_fields: Iterable[str]
    list_filter: Iterable[str]
    list_order: str
    list_editable: Iterable[str]
    board: str | Mapping[str, Any]
    views: Mapping[str, str]
    list_totals: Iterable[str] | Mapping[str, str]
    title_field: str
    fieldsets: Mapping[str, Iterable[str]] | Iterable[Fieldset | Tab]
    children: Iterable[str]
    inlines: Iterable[str]
    table: bool | None  # SQLModel's, as the next one: type checkers compare the keys of both
    registry: Any | None


KNOWN_KEYS = frozenset(EntityConfig.__annotations__)
OWN_KEYS = KNOWN_KEYS - frozenset(ConfigDict.__annotations__) - {"table", "registry"}
PLUGIN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
ICON_NAME = re.compile(r"[a-z][a-z0-9-]{0,40}")
MAX_DECLARED_VIEWS = 20
NOT_BUILT_YET = frozenset({"history", "cache"})
SCOPES = ("session", "user", "app", "record")


def check_config(name: str, config: Mapping[str, Any]) -> None:
    """Refuse what can't work. Raises: ConfigurationError, naming the key and the valid ones."""
    for key in config:
        if key not in KNOWN_KEYS:
            near = difflib.get_close_matches(key, OWN_KEYS, 1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ConfigurationError(
                f"{name}.model_config has the unknown key {key!r}.{hint} "
                f"StarModel's keys are {', '.join(sorted(OWN_KEYS))}; pydantic's work too."
            )
        if key in NOT_BUILT_YET and config[key]:
            raise ConfigurationError(
                f"{name}.model_config[{key!r}] is not available yet. Valid now: "
                f"{', '.join(sorted(OWN_KEYS - NOT_BUILT_YET))}."
            )
    views = config.get("views")
    if views is not None and not (
        isinstance(views, Mapping)
        and all(isinstance(key, str) and isinstance(text, str) for key, text in views.items())
        and len(views) <= MAX_DECLARED_VIEWS
    ):
        raise ConfigurationError(
            f"{name}.model_config['views'] is {views!r}; expected at most {MAX_DECLARED_VIEWS} "
            "query strings by name, such as {'Open': 'status=open&order=-due'}."
        )
    icon = config.get("icon")
    if icon is not None and not (isinstance(icon, str) and ICON_NAME.fullmatch(icon)):
        raise ConfigurationError(
            f"{name}.model_config['icon'] is {icon!r}; expected the name of an icon, such as "
            "'cart'."
        )
    group, nav = config.get("group", ""), config.get("nav", True)
    if not isinstance(group, str):
        raise ConfigurationError(
            f"{name}.model_config['group'] is {group!r}; expected the heading of a group in the "
            "navigation, such as 'Stock'."
        )
    if not isinstance(nav, bool):
        raise ConfigurationError(f"{name}.model_config['nav'] is {nav!r}; expected True or False.")
    plugin = config.get("plugin")
    if plugin is not None and not (isinstance(plugin, str) and PLUGIN_NAME.fullmatch(plugin)):
        raise ConfigurationError(
            f"{name}.model_config['plugin'] is {plugin!r}; expected the name of a plugin: "
            "lower-case letters, digits and '_'."
        )
    scope = config.get("scope")
    if scope is not None and scope not in SCOPES:
        raise ConfigurationError(
            f"{name}.model_config['scope'] is {scope!r}; expected one of {', '.join(SCOPES)}."
        )
    ttl = config.get("ttl")
    if ttl is not None and (
        isinstance(ttl, bool) or not isinstance(ttl, int | float) or not ttl > 0
    ):
        raise ConfigurationError(
            f"{name}.model_config['ttl'] is {ttl!r}; expected seconds above 0."
        )
    if config.get("renamed_from") is not None:
        old_names(config["renamed_from"], f"{name}.model_config['renamed_from']")
    check_access(f"{name}.model_config['access']", config.get("access"))
