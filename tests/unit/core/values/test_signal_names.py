"""Data keys never become paths or inherited properties of browser signals."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from starmodel import ConfigurationError, Entity, Field
from starmodel.core.signals import Signal
from starmodel.core.values.signal_names import INHERITED, key_of, keys_of, signal_name

HOSTILE = ("__proto__", "__proto__.reviveFunctionStrings", "constructor", "prototype", "toString",
           "constructor.prototype.x", "a.b", ".", "..", "_x", "__x", "%5F_proto__", "")  # fmt: skip


@given(st.one_of(st.sampled_from(HOSTILE), st.text(st.sampled_from("ab._%5Fé"), max_size=12)))
def test_signal_name_of_any_key_is_unique_and_decodes(key: str) -> None:
    for local in (False, True):
        name = signal_name(key, local=local)
        assert "." not in name
        assert name not in INHERITED
        assert not name.startswith("__" if local else "_")
        assert key_of(name) == key


def test_signal_name_of_ordinary_keys_is_the_key() -> None:
    for key in ("red", "Straße 5", "2026-01-01", "a/b", "x_y", "größe"):
        assert signal_name(key) == key
    assert signal_name(7) == "7"


def test_keys_of_decodes_at_every_depth() -> None:
    signals = {"v1%2E2": [{"%5F_proto__": {"%": 1}}], "n": 2}
    assert keys_of(signals) == {"v1.2": [{"__proto__": {"": 1}}], "n": 2}


def test_signal_of_a_key_is_one_property_in_expressions_and_one_name_in_paths() -> None:
    votes = Signal("Poll.votes", "votes")
    assert str(votes["red"]) == "$Poll.votes.red"
    assert str(votes["a.b"]) == r"$Poll.votes['a\u00252Eb']"
    assert votes["a.b"].path == "Poll.votes.a%2Eb"
    assert str(votes["'+@get('/x')+'"]).count("'") == 2


@pytest.mark.parametrize("name", ["constructor", "prototype", "toString", "valueOf"])
def test_field_with_an_inherited_name_is_rejected_as_a_signal(name: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"Race\.{name}.*signal=False"):
        type("Race", (Entity,), {"__annotations__": {name: "str"}, name: "", "__module__": "x"})
    type(
        "Race2",
        (Entity,),
        {"__annotations__": {name: str}, name: Field("", signal=False), "__module__": "x"},
    )


@pytest.mark.parametrize("namespace", ["__proto__", "a.constructor", "prototype", "a..b", "50%"])
def test_namespace_with_an_inherited_name_is_rejected(namespace: str) -> None:
    with pytest.raises(ConfigurationError, match="namespace"):

        class Poll(Entity):
            model_config = {"namespace": namespace}
