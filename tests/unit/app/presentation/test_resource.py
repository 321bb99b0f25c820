"""URLs of resources, and the areas that group them."""

from __future__ import annotations

from typing import Any

import pytest

from starmodel import Entity, EntityConfig, event
from starmodel.app.access.rules import RulePolicy
from starmodel.app.context import RequestContext, current_context
from starmodel.app.presentation.areas import Areas
from starmodel.app.presentation.resource import ID, MountedResource, Resource
from starmodel.core.classes.registry import Registry
from starmodel.core.errors import ConfigurationError


class Pen(Entity):
    model_config = EntityConfig(scope="record", access="public", path="/pens")
    name: str = ""

    @event(path="now/sold")
    def sell(self) -> None: ...

    @event
    def edit(self) -> None: ...


class Cart(Entity):
    model_config = EntityConfig(scope="session")

    @event(method="put")
    def clear(self) -> None: ...


class Note(Entity):
    model_config = EntityConfig(path=None)


REGISTRY, POLICY = Registry([Pen, Cart, Note]), RulePolicy()


def areas(*declared: Resource) -> Areas:
    return Areas(REGISTRY, POLICY, declared)


@pytest.fixture
def pens() -> MountedResource:
    return areas(Resource(Pen, prefix="/shop/admin")).named("shop.admin.Pen")


@pytest.mark.parametrize(
    ("page", "id", "url"),
    [
        ("list", None, "/at/shop/admin/pens"),
        ("new", None, "/at/shop/admin/pens/new"),
        ("bulk", None, "/at/shop/admin/pens/_bulk"),
        ("record", "a/b", "/at/shop/admin/pens/a%2Fb"),
        ("record", "new", "/at/shop/admin/pens/~new"),
        ("edit", 7, "/at/shop/admin/pens/7/edit"),
    ],
)
def test_url_for_names_the_page(pens: MountedResource, page: Any, id: Any, url: str) -> None:
    assert pens.url_for(page, id, root_path="/at") == url


@pytest.mark.parametrize(
    ("name", "id", "url"),
    [
        ("create", None, "/shop/admin/pens"),
        ("sell", "7", "/shop/admin/pens/7/now/sold"),
        ("edit", "7", "/shop/admin/pens/7/edit"),
        ("update", "7", "/shop/admin/pens/7/update"),
    ],
)
def test_event_url_is_below_the_record(pens: MountedResource, name: str, id: Any, url: str) -> None:
    assert pens.event_url(pens.entity_type.events[name], id) == url


@pytest.mark.parametrize(
    ("name", "routes"),
    [
        ("create", [("POST", "")]),
        ("update", [("PUT", f"/{ID}"), ("PATCH", f"/{ID}"), ("POST", f"/{ID}/update")]),
        ("delete", [("DELETE", f"/{ID}"), ("POST", f"/{ID}/delete")]),
        ("edit", [("POST", f"/{ID}/edit")]),
    ],
)
def test_event_templates_have_rest_paths(
    pens: MountedResource, name: str, routes: list[tuple[str, str]]
) -> None:
    templates = list(pens.event_templates(pens.entity_type.events[name], "POST"))

    assert templates == [(method, f"/shop/admin/pens{tail}") for method, tail in routes]


def test_event_with_another_method_takes_post_too() -> None:
    cart = areas().named("Cart")

    templates = list(cart.event_templates(cart.entity_type.events["clear"], "PUT"))

    assert templates == [("PUT", "/cart/clear"), ("POST", "/cart/clear")]


def test_class_without_path_has_no_url() -> None:
    with pytest.raises(ConfigurationError, match="Note has path=None"):
        areas().named("Note").url_for("list")


def test_unknown_name_error_lists_the_resources() -> None:
    with pytest.raises(ConfigurationError, match=r"'Ink'; expected one of Pen, Cart, Note"):
        areas().named("Ink")


def test_area_has_its_own_resource_else_the_default_one() -> None:
    made = areas(Resource(Pen, prefix="/a"))
    area = made.find("/a")
    assert area is not None

    for name in ("Pen", "Cart", "a.Pen"):
        made.named(name).pages.add("list")
    made.collect_pages()

    assert area[REGISTRY[Pen]].path == "/a/pens"
    assert area[REGISTRY[Cart]] is made.default[REGISTRY[Cart]]
    assert [resource.name for resource in area.pages] == ["a.Pen", "Cart"]
    assert [resource.name for resource in made.default.pages] == ["Pen", "Cart"]
    assert made.find("/b") is None


def test_current_resource_is_that_of_the_context() -> None:
    made = areas(Resource(Pen, prefix="/a"))
    assert made.current_resource(Pen).name == "Pen"

    token = current_context.set(RequestContext(area=made.find("/a")))
    try:
        assert made.current_resource(Pen).name == "a.Pen"
        assert made.current_resource(Cart).name == "Cart"
    finally:
        current_context.reset(token)


def test_area_without_rules_has_the_policy_of_the_application() -> None:
    made = areas(Resource(Pen, prefix="/a"))

    assert {resource.policy.of(resource.entity_type) for resource in made} == {POLICY}


def test_policy_of_an_area_decides_its_classes_and_the_default_one_all_others() -> None:
    class Closed(RulePolicy):
        def check(self, *args: Any, **options: Any) -> None:
            raise ConfigurationError("closed")

        def reads_fields(self, entity_type: Any) -> bool:
            return True

    made = areas(Resource(Pen, prefix="/a", policy=Closed()))
    area = made.find("/a")
    assert area is not None

    with pytest.raises(ConfigurationError, match="closed"):
        area.policy.check(REGISTRY[Pen], "read", None)
    assert area.policy.check(REGISTRY[Cart], "read", None) is None
    assert made.default.policy.of(REGISTRY[Pen]) is POLICY
    assert made.reads_fields(REGISTRY[Pen])
    assert not made.reads_fields(REGISTRY[Cart])
