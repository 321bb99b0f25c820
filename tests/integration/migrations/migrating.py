"""A program that migrates a database, and prints how many migrations it has applied."""

from __future__ import annotations

import sys

from integration.migrations.killed import history

if __name__ == "__main__":
    sys.stdout.write(f"{len(history().up(sys.argv[1]).applied)}\n")
