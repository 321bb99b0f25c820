"""`model_config`: invalid options are refused at class definition."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel.core.entity import Entity
from starmodel.core.errors import ConfigurationError
from starmodel.core.events import event
from starmodel.core.fields.entity_config import OWN_KEYS, EntityConfig


def _define(**config: Any) -> type[Entity]:
    return type("Thing", (Entity,), {"model_config": config, "__module__": __name__})


def test_config_with_an_unknown_key_names_the_nearest_and_all() -> None:
    with pytest.raises(ConfigurationError, match=r"'auto_persit'.*Did you mean 'auto_persist'\?"):
        _define(auto_persit=True)
    with pytest.raises(ConfigurationError) as caught:
        _define(quite_else=1)
    assert all(key in str(caught.value) for key in OWN_KEYS)
    assert "Did you mean" not in str(caught.value)


@pytest.mark.parametrize("ttl", [0, -1, "60", True, float("nan"), [1]])
def test_config_with_a_wrong_ttl_is_rejected(ttl: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected seconds above 0"):
        _define(ttl=ttl)


@pytest.mark.parametrize("scope", ["visitor", "Session", 1])
def test_config_with_a_wrong_scope_names_the_right_ones(scope: Any) -> None:
    with pytest.raises(ConfigurationError, match="expected one of session, user, app, record"):
        _define(scope=scope)


@pytest.mark.parametrize(
    "access", ["pubic", 5, {"raed": "public"}, {"read": "everybody"}, {"write": 1}, "role"]
)
def test_config_with_wrong_access_is_rejected(access: Any) -> None:
    with pytest.raises(ConfigurationError, match="access"):
        _define(access=access)


@pytest.mark.parametrize(
    "access",
    ["public", "signed_in", "nobody", "role:editor", lambda actor, entity: True,
     {"read": "public", "write": "role:editor"}],
)  # fmt: skip
def test_config_with_right_access_is_accepted(access: Any) -> None:
    assert _define(access=access).model_config["access"] == access


@pytest.mark.parametrize("key", ["history", "cache"])
def test_config_with_a_feature_not_built_names_what_is(key: str) -> None:
    with pytest.raises(
        ConfigurationError, match=r"not available yet\. Valid now: .*store"
    ) as caught:
        _define(**{key: "redis"})
    assert key not in str(caught.value).partition("Valid now")[2]


def test_config_with_every_other_key_is_accepted() -> None:
    config: dict[str, Any] = {
        "store": "memory", "scope": "app", "ttl": 0.5, "namespace": "n", "use_namespace": True,
        "auto_persist": False, "sync_with_client": True, "persistence_backend": None,
        "path": None, "plugin": "shop", "plural": "things", "renamed_from": "Item", "crud": False,
        "access": "public", "editable": True, "history": False, "cache": None,
        "list_display": ["id"], "search_fields": ["id"], "list_filter": [], "list_order": "id",
        "fieldsets": {"Main": ["id"]}, "children": (), "inlines": (), "icon": "tag", "nav": True,
        "group": "Shop", "views": {"All": ""}, "list_totals": ["id"],
        "list_editable": [], "board": None,
        "title_field": "id", "actors": False, "str_strip_whitespace": True,
    }  # fmt: skip
    assert config.keys() >= OWN_KEYS
    assert _define(**config).model_config.items() >= config.items()


def test_config_of_a_base_is_inherited() -> None:
    class Base(Entity):
        model_config = EntityConfig(ttl=5)

    class Child(Base):
        model_config = EntityConfig(scope="app")

    assert (Child.model_config["ttl"], Child.model_config["scope"]) == (5, "app")


def test_event_in_the_background_is_not_built_yet() -> None:
    with pytest.raises(ConfigurationError, match=r"background=True.*not available yet"):
        event(background=True)(lambda self: None)


@pytest.mark.parametrize(
    ("option", "value"), [("method", "head"), ("mode", "morph"), ("access", "pubic"), ("metod", 1)]
)
def test_event_with_a_wrong_option_is_rejected(option: str, value: Any) -> None:
    with pytest.raises(ConfigurationError, match=option):
        event(**{option: value})(lambda self: None)


def test_event_with_merge_mode_means_mode() -> None:
    assert event(merge_mode="append")(lambda self: None).info.mode == "append"
    assert event(method="PUT")(lambda self: None).info.method == "put"


@pytest.mark.parametrize("names", [5, "two words", ["a", 1], [""]])
def test_config_with_wrong_earlier_names_is_rejected(names: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"'renamed_from'\] is .* expected the earlier"):
        _define(renamed_from=names)


def test_earlier_names_of_a_class_are_not_those_of_its_subclasses() -> None:
    article = _define(renamed_from="Product")

    class Special(article):  # type: ignore[misc,valid-type]
        pass

    class Own(article):  # type: ignore[misc,valid-type]
        model_config = {"renamed_from": ["A"]}

    assert article.__entity__.renamed_from == ("Product",)
    assert Special.__entity__.renamed_from == ()
    assert Own.__entity__.renamed_from == ("A",)


def test_earlier_names_of_a_plugins_class_are_of_the_plugin() -> None:
    assert _define(plugin="audit", renamed_from="Note").__entity__.renamed_from == ("audit.Note",)
    moved = _define(plugin="audit", renamed_from="notes.Note")
    assert moved.__entity__.renamed_from == ("notes.Note",)
