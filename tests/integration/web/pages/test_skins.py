"""A skin replaces any component of the generated pages."""

from __future__ import annotations

from typing import Any

from fasthtml.components import A, Em, Li, P, Ul

from integration.web.entities import Product
from starmodel.adapters.ui.franken.adapter import MonsterUI
from starmodel.core.results import Toast


class Skin(MonsterUI):
    def nav(self, types: Any, at: Any) -> Any:
        return Ul(
            *[Li(A(f"To {entity_type.name}", href=entity_type.path)) for entity_type in types],
            id="own-nav",
        )

    def field(self, field: Any, form_id: str, slots: Any, records: str) -> Any:
        return (Em(f"{field.kind}!"), super().field(field, form_id, slots, records))

    def show(self, annotation: Any, wishes: Any, *, brief: bool) -> Any:
        shown = super().show(annotation, wishes, brief=brief)
        return (lambda value: f"<b>{shown(value)}</b>") if annotation is int else shown

    def toast(self, toast: Toast) -> Any:
        return P(f"~{toast.text}~", data_toast=toast.kind)


async def test_skin_replaces_navigation_fields_values_and_toasts(visit: Any, serve: Any) -> None:
    browser = visit(serve(Product, ui=Skin))
    await browser.call("POST", "/products", {"name": "Pen", "stock": 3})

    listed = (await browser.page("/products")).text
    form = (await browser.page("/products/new")).text
    url = "/products/" + (await browser.call("GET", "/products")).json()["items"][0]["id"]
    refused = await browser.click(f"{url}/adjust_stock", {"amount": -9})

    assert '<ul id="own-nav"><li><a href="/products">To Product</a></li></ul>' in listed
    assert "<b>3</b>" in listed
    assert "<em>number!</em>" in form
    assert "~Insufficient stock~" in refused.text
