"""A subclass of a plugin's class in another package is a class of the application."""

from __future__ import annotations

import types
from typing import Any

import pytest

from starmodel import Entity
from starmodel.core.definition.table_names import table_name


def defined(name: str, base: type, module: str, **config: Any) -> Any:
    """A class in this module, as its own source would define it."""
    body = {"__module__": module, "__qualname__": f"f.<locals>.{name}", "model_config": config}
    return types.new_class(name, (base,), exec_body=lambda space: space.update(body))


NOTE = defined(
    "Note", Entity, "audit.notes", plugin="audit", store="system", path="/audit/x", plural="notes"
)


def test_class_in_another_package_leaves_plugin_store_and_path() -> None:
    own = defined("Memo", NOTE, "shop.entities")
    assert own.__entity__.name == "Memo"
    assert not {"plugin", "store", "path"} & own.model_config.keys()
    assert own.model_config["plural"] == "notes"
    assert (table_name(NOTE), table_name(own)) == ("starmodel_audit_note", "memo")


@pytest.mark.parametrize("module", ["audit", "audit.more.notes"])
def test_class_in_the_same_package_stays_in_the_plugin(module: str) -> None:
    own = defined("Memo", NOTE, module)
    assert own.__entity__.name == "audit.Memo"
    assert own.model_config["store"] == "system"


def test_class_of_another_plugin_keeps_what_it_declares() -> None:
    own = defined("Memo", NOTE, "reports.notes", plugin="reports", store="sql")
    assert own.__entity__.name == "reports.Memo"
    assert own.model_config["store"] == "sql"


def test_subclass_of_a_subclass_is_one_of_the_application() -> None:
    own = defined("Later", defined("Memo", NOTE, "shop.entities"), "shop.entities")
    assert own.__entity__.name == "Later"
    assert table_name(own) == "later"
