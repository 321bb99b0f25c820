"""Requirements for entity types in a browser store."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from starmodel import ConfigurationError, Entity, EntityConfig, Field, StateStore
from starmodel.core.classes.registry import Registry, entity_type


class Key(BaseModel):
    code: str = Field("", exclude=True)


def define(annotations: dict[str, Any], **config: Any) -> type[Entity]:
    body: dict[str, Any] = {"__annotations__": {}, "model_config": EntityConfig(**config)}
    for name, (annotation, default) in annotations.items():
        body["__annotations__"][name] = annotation
        body[name] = default
    return type("Prefs", (Entity,), body | {"__module__": __name__, "__qualname__": "_Prefs"})


@pytest.mark.parametrize("store", ["local_storage", "session_storage", StateStore.CLIENT_LOCAL])
def test_browser_store_class_has_session_scope(store: str) -> None:
    made = entity_type(define({"theme": (str, "")}, store=store), "memory")
    assert (made.scope, made.in_browser) == ("session", True)


@pytest.mark.parametrize(
    ("field", "path"),
    [
        ((SecretStr, SecretStr("")), "x"),
        ((str, Field("", exclude=True)), "x"),
        ((str, Field("", private=True)), "x"),
        ((Key, Key()), "x.code"),
        ((list[Key], []), "x.code"),
        ((dict[str, Key | None], {}), "x.code"),
    ],
    ids=["secret", "exclude", "private", "nested", "in a list", "in a dict"],
)
def test_private_field_is_rejected_at_definition_by_its_name(field: Any, path: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^Prefs is kept.*'{path}' is private\. Take"):
        define({"x": field}, store="local_storage")


@pytest.mark.parametrize("scope", ["user", "app", "record"])
def test_other_scopes_are_rejected(scope: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"scope is '{scope}', expected 'session'"):
        define({}, store="local_storage", scope=scope)


def test_required_field_is_rejected_with_the_remedy() -> None:
    with pytest.raises(ConfigurationError, match=r"'name' has no default\. Give it one"):
        define({"name": (str, Field())}, store="session_storage")


def test_ttl_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match="nothing expires by itself"):
        define({}, store="local_storage", ttl=5)


def test_default_store_is_checked_when_the_application_takes_the_class() -> None:
    secret = define({"x": (SecretStr, SecretStr(""))})
    Registry([secret])
    with pytest.raises(ConfigurationError, match="'x' is private"):
        Registry([secret], default_store="local_storage")
