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
LOOK_S = 0.5


def main(arguments: list[str]) -> int:
    """Build into site/, or serve and follow changes; 1 for a broken link or a wrong page."""
    if "--no-pictures" not in arguments:
        from documentation.pictures import take_pictures

        take_pictures()
    stage()
    if "--serve" in arguments:
        threading.Thread(target=_follow, daemon=True).start()
        return subprocess.run([*ZENSICAL, "serve"], cwd=ROOT, check=False).returncode
    shutil.rmtree(ROOT / "site", ignore_errors=True)
    code = subprocess.run([*ZENSICAL, "build", "--strict"], cwd=ROOT, check=False).returncode
    if code == 0:
        print(f"The documentation is in {ROOT / 'site' / 'index.html'}")
    return 1 if code else 0


def _follow() -> None:
    """Stage again whenever a document has changed."""
    seen = _newest()
    while True:
        time.sleep(LOOK_S)
        if (now := _newest()) != seen:
            seen = now
            stage()


def _newest() -> tuple[float, int]:
    times = [path.stat().st_mtime for path in SOURCE.rglob("*")]
    return max(times, default=0.0), len(times)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
