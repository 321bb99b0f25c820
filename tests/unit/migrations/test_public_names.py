"""The public names of `starmodel.migrations`."""

from __future__ import annotations

import pytest

from starmodel import migrations


@pytest.mark.parametrize("name", migrations.__all__)
def test_public_name_can_be_imported(name: str) -> None:
    assert getattr(migrations, name) is not None
