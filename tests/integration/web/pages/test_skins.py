"""A skin replaces any component of the generated pages."""

from __future__ import annotations

from typing import Any

from fasthtml.components import A, Em, Li, P, Ul

from integration.web.entities import Product
from starmodel.adapters.ui.franken.adapter import FrankenUI
from starmodel.core.events.results import Toast


class Skin(FrankenUI):
    def page_navigation(
        self, resources: Any, current: Any, entries: Any = (), creatable: Any = ()
    ) -> Any:
        return Ul(
            *[
                Li(A(f"To {resource.name}", href=resource.url_for("list")))
                for resource in resources
            ],
            id="own-nav",
        )

    def form_field(self, field: Any, form_id: str, slots: Any, records_url: str) -> Any:
        return (Em(f"{field.kind}!"), super().form_field(field, form_id, slots, records_url))

    def value(self, annotation: Any, options: Any, *, brief: bool) -> Any:
        render = super().value(annotation, options, brief=brief)
        return (lambda value: f"<b>{render(value)}</b>") if annotation is int else render

    def message_toast(self, toast: Toast) -> Any:
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
