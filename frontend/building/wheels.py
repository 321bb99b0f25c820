"""PyPI wheels that are read, but neither installed nor run."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from building.errors import BuildError


@dataclass(frozen=True)
class Wheel:
    """One wheel, pinned by its hash."""

    project: str
    version: str
    sha256: str


DATASTAR = Wheel(
    "starhtml", "0.7.0", "3515ac3a21f1be7ce3e724b45440ed2be20d3afcdb60f92f6ebbfaec883d3ea2"
)
MONSTERUI = Wheel(
    "monsterui", "1.0.47", "aefd7036d4c362b3f721ba733812f94830e14eeadbe096a93fcbe41acd4afba7"
)


def fetch(wheel: Wheel, kept: Path) -> Path:
    """The wheel's file, kept in a folder after its first download.

    Raises: BuildError, when the package index does not give it.
    """
    file = kept / f"{wheel.project}-{wheel.version}.whl"
    if file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == wheel.sha256:
        return file
    kept.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        shutil.copyfile(_download(wheel, Path(folder)), file)
    return file


def _download(wheel: Wheel, folder: Path) -> Path:
    requirement = folder / "requirements.txt"
    requirement.write_text(
        f"{wheel.project}=={wheel.version} --hash=sha256:{wheel.sha256}\n", encoding="utf-8"
    )
    # A wheel may ask for a newer Python than we do; only its text is used.
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]
    command += ["--disable-pip-version-check", "--python-version", "3.13"]
    command += ["--only-binary=:all:", "--require-hashes"]
    command += ["--dest", str(folder), "--requirement", str(requirement)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    files = sorted(folder.glob("*.whl"))
    if done.returncode or not files:
        reason = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise BuildError(f"{wheel.project} {wheel.version} could not be downloaded: {reason}")
    return files[0]
