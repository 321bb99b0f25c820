"""StarModel: write an Entity once, get its database, its API and its live user interface.

Public names load on first use, so that `import starmodel` costs no more than its own text.
"""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from starmodel.app.access.policy import AccessPolicy, Actor, Audience
    from starmodel.app.access.rules import RulePolicy
    from starmodel.app.application import Application
    from starmodel.app.commands.command import Outcome
    from starmodel.app.commands.dispatching import dispatch
    from starmodel.app.live.live_queries import where
    from starmodel.app.live.reactions import on
    from starmodel.app.live.views import live
    from starmodel.app.ports.bus import EventBus
    from starmodel.app.ports.repository import Repository
    from starmodel.app.presentation.own_pages import page
    from starmodel.app.presentation.resource import Resource
    from starmodel.app.sessions.session import Session
    from starmodel.app.uow import UnitOfWork
    from starmodel.bootstrap import configure_app, create_app, create_fasthtml_app
    from starmodel.config import Settings
    from starmodel.core.changes.patches import Patch, apply, diff
    from starmodel.core.commands import Action, CommandRecord
    from starmodel.core.entity import Entity
    from starmodel.core.errors import (
        AccessDeniedError,
        BindingError,
        ConfigurationError,
        ConstraintError,
        EventUnavailableError,
        FrozenEntityError,
        GoneError,
        InvalidStateError,
        NotFoundError,
        NotSignedInError,
        StarModelError,
        VersionConflictError,
    )
    from starmodel.core.events import event
    from starmodel.core.events.results import Download, Progress, Redirect, Toast
    from starmodel.core.fields.entity_config import EntityConfig
    from starmodel.core.fields.field import Field, Private
    from starmodel.core.fields.form_layout import Fieldset, Tab
    from starmodel.core.fields.method_columns import column as column
    from starmodel.core.fields.relations import Relationship
    from starmodel.core.fields.stores import StateStore
    from starmodel.core.fields.transitions import transitions
    from starmodel.core.fields.widgets import UI
    from starmodel.core.signals import Signal
    from starmodel.core.translations import translated

__version__ = "0.1.0"
__all__ = [
    "UI",
    "AccessDeniedError",
    "AccessPolicy",
    "Action",
    "Actor",
    "Application",
    "Audience",
    "BindingError",
    "CommandRecord",
    "ConfigurationError",
    "ConstraintError",
    "Download",
    "Entity",
    "EntityConfig",
    "EventBus",
    "EventUnavailableError",
    "Field",
    "Fieldset",
    "FrozenEntityError",
    "GoneError",
    "InvalidStateError",
    "NotFoundError",
    "NotSignedInError",
    "Outcome",
    "Patch",
    "Private",
    "Progress",
    "Redirect",
    "Relationship",
    "Repository",
    "Resource",
    "RulePolicy",
    "Session",
    "Settings",
    "Signal",
    "StarModelError",
    "StateStore",
    "Tab",
    "Toast",
    "UnitOfWork",
    "VersionConflictError",
    "apply",
    "column",
    "configure_app",
    "create_app",
    "create_fasthtml_app",
    "diff",
    "dispatch",
    "event",
    "live",
    "on",
    "page",
    "transitions",
    "translated",
    "where",
]

_MODULES = {
    "bootstrap": ("configure_app", "create_app", "create_fasthtml_app"),
    "config": ("Settings",),
    "app.access.policy": ("AccessPolicy", "Actor", "Audience"),
    "app.access.rules": ("RulePolicy",),
    "app.application": ("Application",),
    "app.commands.dispatching": ("dispatch",),
    "app.commands.command": ("Outcome",),
    "app.live.live_queries": ("where",),
    "app.live.views": ("live",),
    "app.ports.bus": ("EventBus",),
    "app.ports.repository": ("Repository",),
    "app.live.reactions": ("on",),
    "app.presentation.own_pages": ("page",),
    "app.presentation.resource": ("Resource",),
    "app.sessions.session": ("Session",),
    "app.uow": ("UnitOfWork",),
    "core.commands": ("Action", "CommandRecord"),
    "core.entity": ("Entity",),
    "core.fields.entity_config": ("EntityConfig",),
    "core.errors": (
        "AccessDeniedError",
        "BindingError",
        "ConfigurationError",
        "ConstraintError",
        "EventUnavailableError",
        "FrozenEntityError",
        "GoneError",
        "InvalidStateError",
        "NotFoundError",
        "NotSignedInError",
        "StarModelError",
        "VersionConflictError",
    ),
    "core.events": ("event",),
    "core.fields.field": ("Field", "Private"),
    "core.changes.patches": ("Patch", "apply", "diff"),
    "core.fields.form_layout": ("Fieldset", "Tab"),
    "core.fields.method_columns": ("column",),
    "core.fields.relations": ("Relationship",),
    "core.events.results": ("Download", "Progress", "Redirect", "Toast"),
    "core.signals": ("Signal",),
    "core.fields.stores": ("StateStore",),
    "core.fields.transitions": ("transitions",),
    "core.fields.widgets": ("UI",),
    "core.translations": ("translated",),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}
_OLD_NAMES = {
    "State": "Entity",
    "EntityStore": "StateStore",
    "EntityPersistenceBackend": "Repository",
    "StatePersistenceBackend": "Repository",
}


def __getattr__(name: str) -> Any:
    if name in ("State", "EntityStore"):
        warnings.warn(
            f"starmodel.{name} is now {_OLD_NAMES[name]}.", DeprecationWarning, stacklevel=2
        )
    public = _OLD_NAMES.get(name, name)
    if public not in _MODULE_OF:
        raise AttributeError(f"module 'starmodel' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"starmodel.{_MODULE_OF[public]}"), public)
    globals()[public] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
