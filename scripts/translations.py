"""Writes the template of StarModel's texts, and updates its translations by it.

With --check it writes nothing, and fails where a file would change.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from starmodel.adapters.languages.templates import merged, texts_template, write_catalog
from starmodel.bootstrap.languages import SHIPPED, TEXTS
from starmodel.plugins.built_in.mail.texts import TEXTS as MAIL
from starmodel.texts.english import TEXTS as OWN


def main() -> int:
    """Write the files, or compare them."""
    checks = "--check" in sys.argv[1:]
    texts = {**OWN, **{f"mail.{key}": text for key, text in MAIL.items()}}
    template = texts_template(texts, "StarModel")
    stale = []
    with TemporaryDirectory() as folder:
        for path in (SHIPPED / f"{TEXTS}.pot", *SHIPPED.glob(f"*/LC_MESSAGES/{TEXTS}.po")):
            made = template if path.suffix == ".pot" else merged(path, template, path.parts[-3])
            target = Path(folder) / path.name if checks else path
            write_catalog(target, made)
            if checks and (not path.is_file() or target.read_bytes() != path.read_bytes()):
                stale.append(str(path))
    for path_name in stale:
        print(f"{path_name} is stale; run python scripts/translations.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
