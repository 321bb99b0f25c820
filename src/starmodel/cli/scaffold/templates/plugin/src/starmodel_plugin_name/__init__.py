"""PLUGIN_TITLE, a plugin of StarModel: notes that can be pinned, and a link to the pinned ones.

A plugin runs with every permission of the application that loads it.
"""

from collections.abc import Iterable

from pydantic import BaseModel
from starmodel import Entity, Field, event
from starmodel.plugins import NavEntry, Plugin


class Note(Entity):
    """Named "PLUGIN_NAME.Note" in records, with its pages at /PLUGIN_NAME/notes."""

    model_config = {
        "plugin": "PLUGIN_NAME",
        "store": "sql",
        "access": {"read": "signed_in", "write": "signed_in"},
        "list_display": ["text", "pinned"],
        "list_filter": ["pinned"],
    }
    text: str = Field(min_length=1, max_length=500)
    pinned: bool = Field(default=False, editable=False)  # only the event changes it

    @event
    def pin(self) -> None:
        if self.pinned:
            raise ValueError("This note is pinned already.")
        self.pinned = True


class Settings(BaseModel):
    """The table [starmodel.plugin.PLUGIN_NAME] of starmodel.toml, or arguments of the plugin."""

    link: str = "Pinned notes"


class PluginClass(Plugin):
    """Notes that can be pinned."""

    name = "PLUGIN_NAME"
    starmodel = "~=0.0.0"
    Settings = Settings

    def entities(self) -> Iterable[type[Entity]]:
        return [Note]

    def nav(self) -> Iterable[NavEntry]:
        return [NavEntry(self.settings.link, "/PLUGIN_NAME/notes?pinned=true")]
