"""Builds the documentation site; `make docs` and `make docs-serve` run it.

Usage: python scripts/documentation/build.py [--serve] [--no-pictures]
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from documentation.staging import ROOT, SOURCE, stage

ZENSICAL = (sys.executable, "-m", "zensical")
FOLDER, SITE = ROOT / "build" / "documentation", ROOT / "site"
LOOK_S = 0.5


def main(arguments: list[str]) -> int:
    """Build into site/, or serve and rebuild on changes; 1 for a broken link or an invalid page."""
    if "--no-pictures" not in arguments:
        from documentation.pictures import take_pictures

        take_pictures()
    if "--serve" in arguments:
        return _serve(FOLDER)
    built = build(FOLDER)
    if built is None:
        return 1
    shutil.rmtree(SITE, ignore_errors=True)
    shutil.move(built, SITE)
    print(f"The documentation is in {SITE / 'index.html'}")
    return 0


def build(folder: Path) -> Path | None:
    """Build the site in the folder; None when a page is invalid or a link is broken."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    stage(folder)
    command = [*ZENSICAL, "build", "--strict"]
    built = subprocess.run(command, cwd=folder, check=False).returncode == 0
    return folder / "site" if built else None


def _serve(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    stage(folder)
    threading.Thread(target=_follow, args=(folder,), daemon=True).start()
    return subprocess.run([*ZENSICAL, "serve"], cwd=folder, check=False).returncode


def _follow(folder: Path) -> None:
    """Stage again whenever a document has changed."""
    seen = _newest()
    while True:
        time.sleep(LOOK_S)
        if (now := _newest()) != seen:
            seen = now
            stage(folder)


def _newest() -> tuple[float, int]:
    times = [path.stat().st_mtime for path in SOURCE.rglob("*")]
    return max(times, default=0.0), len(times)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
