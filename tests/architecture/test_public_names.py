"""The public names are exactly `__all__`, and deprecated aliases warn."""

import types
import typing
import warnings

import pytest

import starmodel
from starmodel import access, plugins

PLUMBING = {"annotations", "TYPE_CHECKING", "Any"}


def test_all_has_no_duplicates():
    assert len(starmodel.__all__) == len(set(starmodel.__all__))


@pytest.mark.parametrize("name", starmodel.__all__)
def test_every_public_name_resolves(name):
    assert getattr(starmodel, name) is not None


def test_star_import_gives_exactly_the_public_names():
    space: dict[str, object] = {}
    exec("from starmodel import *", space)  # noqa: S102 - what users write
    assert set(space) - {"__builtins__"} == set(starmodel.__all__)


def test_module_has_no_other_public_names():
    found = {
        name
        for name, value in vars(starmodel).items()
        if not name.startswith("_") and not isinstance(value, types.ModuleType)
    }
    assert found - PLUMBING <= set(starmodel.__all__)
    assert starmodel.Any is typing.Any


@pytest.mark.parametrize(
    ("old", "new"), [("State", starmodel.Entity), ("EntityStore", starmodel.StateStore)]
)
def test_deprecated_alias_warns_and_returns_the_new_class(old, new):
    with pytest.warns(DeprecationWarning, match=f"starmodel.{old} is now {new.__name__}") as told:
        assert getattr(starmodel, old) is new
    assert told[0].filename == __file__


@pytest.mark.parametrize("name", ["EntityPersistenceBackend", "StatePersistenceBackend"])
def test_repository_port_alias_does_not_warn(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert getattr(starmodel, name) is starmodel.Repository


def test_unknown_name_raises_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = starmodel.nonsense


@pytest.mark.parametrize("name", plugins.__all__)
def test_every_public_name_of_plugins_resolves(name):
    assert getattr(plugins, name) is not None


@pytest.mark.parametrize("name", access.__all__)
def test_every_public_name_of_access_resolves(name):
    assert getattr(access, name) is not None


def test_values_that_users_pass_and_get_have_a_public_address():
    assert plugins.Resource is starmodel.Resource
    assert plugins.Exchange.__name__ == "Exchange"
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = plugins.nonsense
