"""A program with every feature of form pages: layout, conditional fields, prefilled forms."""

CONTACTS = '''
from datetime import date
from decimal import Decimal
from typing import Annotated, Literal

from starmodel import UI, Entity, Field, Fieldset, Private, Tab, create_app
from starmodel.access import record


class Contact(Entity):
    """Somebody to write to."""
    model_config = {
        "store": "sql",
        "access": "public",
        "fieldsets": [
            Fieldset("Who", ["name", "kind", "vat"], help="As on the invoice."),
            Tab("Contract", [Fieldset("Terms", ["code", "since", "credit"], columns=2), "seats"]),
            Tab("Notes", ["about", "website"]),
            Fieldset("State", ["status", "is_vip", "discount"], sidebar=True),
        ],
    }
    name: str = Field(min_length=2, examples=["Ann Smith"])
    kind: Literal["person", "company"] = "person"
    vat: Annotated[str, UI(visible_if=record.kind == "company", help="Of the European Union.")] = ""
    code: str = Field(default="PE-001", pattern="^[A-Z]{2}-[0-9]{3}$", examples=["PE-001"])
    since: Annotated[date | None, UI(initial=lambda actor, values: date(2026, 1, 2))] = None
    credit: Decimal = Field(default=Decimal("0.00"), ge=0, decimal_places=2)
    seats: int = Field(default=1, ge=1)
    about: Annotated[str, UI(widget="textarea")] = ""
    website: str = ""
    status: Literal["open", "closed"] = "open"
    is_vip: bool = False
    discount: Annotated[int, UI(visible_if=record.is_vip == True)] = 0  # noqa: E712
    pin: Private[str] = ""


class Badge(Entity):
    """A badge, one for each number."""
    model_config = {"store": "sql", "access": "public"}
    number: str = Field(unique=True, min_length=1, title="Number on it")
    holder: str = ""


app = create_app([Contact, Badge], title="Contacts", secret_key="x" * 40)
'''
