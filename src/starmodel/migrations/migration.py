"""`Migration`: what one file in `migrations/` declares."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from starmodel.migrations.schema.definitions import Schema
from starmodel.migrations.steps.step import Step


@dataclass(frozen=True)
class Migration:
    """The steps from the schema of the migrations before it to its own.

    Shapes: after are the ids of the migrations that it follows, each the name of a file
    without `.py`: none for the first, two for one that merges branches; schema is the
    snapshot of the definitions once all steps are done, as JSON text; contract, the migration
    removes what processes of the old version still need, so it waits for `--contract`.
    """

    after: Sequence[str]
    steps: Sequence[Step]
    schema: str
    about: str = ""
    contract: bool = False


@dataclass(frozen=True)
class MigrationFile:
    """A migration that was read from its file, with its snapshot parsed.

    Shapes: id is the file name without `.py` ("0002_add_colour"); about is its docstring.
    """

    id: str
    after: tuple[str, ...]
    steps: tuple[Step, ...]
    schema: Schema
    about: str
    contract: bool = False
