"""The entity of the plugin."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from starmodel import Actor, Entity, Field, event

AUDITORS = "role:auditor"
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class Note(Entity):
    """What an auditor remarked about a record."""

    model_config = {
        "plugin": "audit_notes",
        "store": "sql",
        "access": AUDITORS,
        "list_display": ["record", "text", "author", "written_at"],
    }

    record: str = Field(index=True)
    text: Text
    author: str = Field(default="", editable=False)
    written_at: datetime = Field(default_factory=lambda: datetime.now(UTC), editable=False)

    @event(title="Add note")
    def create(self, record: str, text: Text, actor: Actor):
        self.record, self.text, self.author = record, text, str(actor)
        return {"text": ""}  # empties the input of the caller's page
