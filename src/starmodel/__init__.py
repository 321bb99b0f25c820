"""StarModel: write an Entity once, get its database, its API and its live user interface."""

from __future__ import annotations

import importlib
import warnings
from typing import TYPE_CHECKING, Any

from starmodel.app.access import Actor
from starmodel.app.application import Application, dispatch
from starmodel.app.command import Outcome
from starmodel.app.live import live
from starmodel.app.ports import EventBus, Repository
from starmodel.app.reactions import on
from starmodel.app.session import Session
from starmodel.app.uow import UnitOfWork
from starmodel.core.commands import Action, CommandRecord
from starmodel.core.entity import Entity
from starmodel.core.entity_config import EntityConfig
from starmodel.core.errors import (
    AccessDeniedError,
    BindingError,
    ConfigurationError,
    ConstraintError,
    FrozenEntityError,
    GoneError,
    InvalidStateError,
    NotFoundError,
    NotSignedInError,
    StarModelError,
    VersionConflictError,
)
from starmodel.core.events import event
from starmodel.core.fields import Field
from starmodel.core.patches import Patch, apply, diff
from starmodel.core.relations import Relationship
from starmodel.core.results import Progress, Redirect, Toast
from starmodel.core.signals import Signal
from starmodel.core.stores import StateStore
from starmodel.core.widgets import UI

if TYPE_CHECKING:
    from starmodel.bootstrap import configure_app, create_app, create_fasthtml_app
    from starmodel.config import Settings

__version__ = "0.1.0"
__all__ = [
    "UI",
    "AccessDeniedError",
    "Action",
    "Actor",
    "Application",
    "BindingError",
    "CommandRecord",
    "ConfigurationError",
    "ConstraintError",
    "Entity",
    "EntityConfig",
    "EventBus",
    "Field",
    "FrozenEntityError",
    "GoneError",
    "InvalidStateError",
    "NotFoundError",
    "NotSignedInError",
    "Outcome",
    "Patch",
    "Progress",
    "Redirect",
    "Relationship",
    "Repository",
    "Session",
    "Settings",
    "Signal",
    "StarModelError",
    "StateStore",
    "Toast",
    "UnitOfWork",
    "VersionConflictError",
    "apply",
    "configure_app",
    "create_app",
    "create_fasthtml_app",
    "diff",
    "dispatch",
    "event",
    "live",
    "on",
]

# Names whose modules import a framework: loaded when they are first asked for.
_LAZY = {
    "configure_app": "starmodel.bootstrap",
    "create_app": "starmodel.bootstrap",
    "create_fasthtml_app": "starmodel.bootstrap",
    "Settings": "starmodel.config",
}
_OLD_NAMES = {
    "State": Entity,
    "EntityStore": StateStore,
    "EntityPersistenceBackend": Repository,
    "StatePersistenceBackend": Repository,
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(importlib.import_module(_LAZY[name]), name)
    if name in _OLD_NAMES:
        new = _OLD_NAMES[name]
        if name in ("State", "EntityStore"):
            warnings.warn(
                f"starmodel.{name} is now {new.__name__}.", DeprecationWarning, stacklevel=2
            )
        return new
    raise AttributeError(f"module 'starmodel' has no attribute {name!r}")
