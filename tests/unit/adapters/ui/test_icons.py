"""The icons that classes and events can name."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from starmodel import ConfigurationError, Entity, create_app, event
from starmodel.adapters.ui.franken.icons import ICONS

SPRITE = Path(__file__).parents[4] / "frontend" / "src" / "icons.svg"


def test_names_are_those_of_the_sprite() -> None:
    assert sorted(re.findall(r'<symbol id="(\w+)"', SPRITE.read_text())) == list(ICONS)


def test_unknown_icon_of_a_class_or_event_stops_the_start() -> None:
    class Parcel(Entity):
        model_config = {"icon": "parcel"}

    class Letter(Entity):
        @event(icon="stamp")
        def send(self) -> None: ...

    with pytest.raises(
        ConfigurationError, match=r"Parcel.model_config\['icon'\] is 'parcel'; .* box"
    ):
        create_app([Parcel])
    with pytest.raises(ConfigurationError, match=r"on Letter.send is 'stamp'; there are"):
        create_app([Letter])
