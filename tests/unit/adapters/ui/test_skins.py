"""Skins replace the parts of an adapter by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from starmodel.adapters.ui.franken.adapter import FrankenUI
from starmodel.adapters.ui.skins import PARTS, skin
from starmodel.core.errors import ConfigurationError

DOCUMENT = Path(__file__).parents[4] / "docs" / "how-to" / "look.md"


def test_every_part_is_a_method_of_the_adapter() -> None:
    methods = {name for name in vars(FrankenUI) if not name.startswith("_")}

    parts = {name.replace(".", "_") for name in PARTS}

    assert parts <= methods
    others = {name for name in methods - parts if callable(getattr(FrankenUI, name))}
    assert others == {"render", "page_slot"}  # which plugins fill


def test_every_part_is_documented() -> None:
    text = DOCUMENT.read_text(encoding="utf-8")

    assert [name for name in PARTS if f"`{name}`" not in text] == []


def test_skin_replaces_its_parts_only() -> None:
    def title(ui, resource, entity):
        return f"The {FrankenUI.record_title(ui, resource, entity)}"

    made = skin(FrankenUI, {"record.title": title})

    assert issubclass(made, FrankenUI)
    assert made.record_title is title
    assert made.record_detail is FrankenUI.record_detail


def test_unknown_part_error_lists_the_parts() -> None:
    with pytest.raises(ConfigurationError, match=r"'nav'; expected one of page, page\.start"):
        skin(FrankenUI, {"nav": print})


def test_part_that_is_no_function_is_rejected() -> None:
    with pytest.raises(ConfigurationError, match="'value' of ui is 3"):
        skin(FrankenUI, {"value": 3})
