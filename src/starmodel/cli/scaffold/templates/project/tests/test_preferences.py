# [browser]
"""Preferences in localStorage."""

from starmodel.testing import Visitor

from app.entities import Preferences


def test_toggle_turns_hints_off_and_on() -> None:
    preferences = Preferences()
    preferences.toggle_hints()
    assert not preferences.hints
    preferences.toggle_hints()
    assert preferences.hints


def test_choice_survives_a_reload_and_is_private_to_the_browser(visitor: Visitor) -> None:
    home = visitor.open("/")
    home.click("Show or hide the hint")
    home.reload()
    assert home.signals["Preferences.hints"] is False
    assert Visitor(visitor.app).open("/").signals["Preferences.hints"] is True
