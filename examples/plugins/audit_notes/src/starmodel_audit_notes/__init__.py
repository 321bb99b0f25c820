"""Notes of auditors on any record: a panel, a page, a navigation entry and a tile."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fasthtml.components import H2, A, Button, Div, Form, P, Small, Span, Textarea
from pydantic import BaseModel, Field

from starmodel.plugins import NavEntry, Page, Place, Plugin, Route, SlotContent
from starmodel_audit_notes.notes import AUDITORS, Note

PAGE = "/audit_notes/recent"


class AuditSettings(BaseModel):
    """Shapes: recent is the number of notes on the page of the newest ones."""

    recent: int = Field(default=20, ge=1, le=200)


class AuditNotes(Plugin):
    """Notes of auditors on any record."""

    name = "audit_notes"
    Settings = AuditSettings

    def entities(self) -> Iterable[type[Note]]:
        return [Note]

    def nav(self) -> Iterable[NavEntry]:
        return [NavEntry("Recent notes", PAGE, icon="edit", access=AUDITORS)]

    def routes(self) -> Iterable[Route]:
        return [Route(PAGE, self.recent_notes, access=AUDITORS)]

    def slots(self) -> Iterable[SlotContent]:
        return [
            SlotContent("record.panels", "notes", self.panel, access=AUDITORS, refresh_on=[Note]),
            SlotContent("start.tiles", "count", self.tile, access=AUDITORS, refresh_on=[Note]),
        ]

    async def recent_notes(self, exchange: Any) -> Page:
        """The newest notes of all records."""
        notes = await Note.objects.list(order="-written_at", limit=self.settings.recent)
        if not notes:
            return Page("Recent notes", P("There are no notes yet."))
        items = [_item(note, note.record) for note in notes]
        return Page("Recent notes", Div(*items, style="display: grid; gap: 1rem"))

    async def panel(self, place: Place) -> Any:
        """The notes on one record, and a form for a new one."""
        if place.entity is None or place.entity_type is None or isinstance(place.entity, Note):
            return None
        record = f"{place.entity_type.name}:{place.entity.id}"
        notes = await Note.objects.list(record=record, order="-written_at", limit=20)
        return Div(
            H2("Notes"),
            *[_item(note, note.author) for note in notes] or [P("No notes yet.", cls="sm-muted")],
            Form(
                Textarea(
                    name="text", rows=2, aria_label="Note", data_bind="text", required=True,
                    maxlength=2000, cls="uk-textarea",
                ),
                Button("Add note", type="submit", cls="uk-btn uk-btn-default"),
                data_on_submit=Note.create(record=record),
                style="display: grid; gap: .75rem; justify-items: start",
            ),
            cls="uk-card",
            style="display: grid; gap: .75rem",
        )  # fmt: skip

    async def tile(self, place: Place) -> Any:
        """The number of notes."""
        count = await Note.objects.count()
        text = "1 audit note" if count == 1 else f"{count} audit notes"
        return A(Span(text), href=PAGE, cls="uk-card sm-card sm-card-link")


def _item(note: Note, about: str) -> Any:
    written = f"{note.written_at:%Y-%m-%d %H:%M}"
    return Div(P(note.text), Small(f"{about}, {written}", cls="sm-muted"))
