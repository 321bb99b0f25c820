"""The folder of migrations: which files are migrations, and the name of the next one."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Iterable, Sequence
from itertools import takewhile
from pathlib import Path
from tempfile import NamedTemporaryFile

from starmodel.migrations.errors import MigrationError

_FILE = re.compile(r"(\d+)_\w+\.py")
_DIGITS = 4
MAX_SLUG_CHARS = 40
_SMALL = frozenset({"a", "and", "be", "from", "of", "one", "that", "the", "to"})
"""Words that a cut name doesn't end with."""


def migration_paths(folder: Path) -> list[Path]:
    """Return the migration files of a folder by number, then name; empty without the folder.

    A migration file is named like `0002_add_colour.py`. Other files are left alone.
    """
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if _FILE.fullmatch(path.name) and path.is_file()]
    return sorted(found, key=lambda path: (number_of(path.stem), path.stem))


def number_of(id: str) -> int:
    """Return the number of a migration.

    >>> number_of("0002_add_colour")
    2
    """
    return int(id.partition("_")[0])


def next_id(ids: Iterable[str], about: str) -> str:
    """Return the id of a new migration, numbered after all others.

    >>> next_id(["0001_first"], "Add Product.colour; rename Product")
    '0002_add_product_colour'
    """
    number = max(map(number_of, ids), default=0) + 1
    return f"{number:0{_DIGITS}}_{slug(about)}"


def name_of_changes(titles: Sequence[str]) -> str:
    """Return the `about` of `next_id` for several changes: both of two, one and the number of more.

    >>> name_of_changes(["Add Product.colour", "Add Product.size"])
    'add_product_colour and size'
    >>> name_of_changes(["Add Product.colour", "Rename Product to Article", "Create Order"])
    'add_product_colour and 2 more'
    """
    if len(titles) < 2:
        return titles[0] if titles else ""
    if len(titles) == 2:
        first, second = map(_words_of, titles)
        pairs = zip(first, second[:-1], strict=False)
        shared = len(list(takewhile(lambda pair: pair[0] == pair[1], pairs)))
        both = f"{'_'.join(first)} and {' '.join(second[shared:])}"
        if len(both) <= MAX_SLUG_CHARS:
            return both
    more = f" and {len(titles) - 1} more"
    return f"{slug(titles[0], MAX_SLUG_CHARS - len(more))}{more}"


def slug(about: str, max_chars: int = MAX_SLUG_CHARS) -> str:
    """Return the words of a text as part of a file name, at most max_chars long.

    >>> slug("Größe: größer!"), slug("…")
    ('grosse_grosser', 'change')
    >>> slug("Change the price of each product from text to bytes")
    'change_the_price_of_each_product'
    """
    joined = ""
    for word in _words_of(about):
        longer = f"{joined}_{word}" if joined else word[:max_chars]
        if len(longer) > max_chars:
            break
        joined = longer
    while joined.rpartition("_")[2] in _SMALL and "_" in joined:
        joined = joined.rpartition("_")[0]
    return joined or "change"


def _words_of(about: str) -> list[str]:
    text = unicodedata.normalize("NFKD", about.partition(";")[0].replace("ß", "ss"))
    return re.findall(r"[a-z0-9]+", text.encode("ascii", "ignore").decode().lower())


def write_new(folder: Path, id: str, text: str) -> Path:
    """Write a migration file, and create the folder if necessary.

    Raises: MigrationError, when the file exists or can't be written.
    """
    path = folder / f"{id}.py"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _create(path, text)
    except FileExistsError as error:
        raise MigrationError(
            f"{path} exists already; another starmodel migrate has just written it. Run it again."
        ) from error
    except OSError as error:
        raise MigrationError(f"{path} can't be written: {error.strerror}.") from error
    return path


def _create(path: Path, text: str) -> None:
    """Create a file with its whole text, so that no process reads a part of it.

    Raises: FileExistsError; OSError.
    """
    with NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=".", suffix=".new"
    ) as file:
        file.write(text)
        file.flush()
        Path(file.name).chmod(0o644)
        try:
            os.link(file.name, path)
            return
        except FileExistsError:
            raise
        except OSError:  # a file system without hard links
            pass
    with path.open("x", encoding="utf-8", newline="\n") as plain:
        plain.write(text)
