"""Writers of several processes on one row succeed without a retry.

`make torture` runs it with more of everything, and prints the figures.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from databases import DATABASES, emptied
from external_writers import ExternalWriter
from torture.hot_row import PROGRAM

PROCESSES, WRITERS = 3, 16
COMMANDS = 125 if os.environ.get("TORTURE") == "large" else 13
START_S = 4.0

pytestmark = pytest.mark.timeout(600)


@pytest.mark.parametrize("database", DATABASES)
def test_writers_of_three_processes_on_one_row_succeed_without_retry(
    database: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if database == "sqlite":
        url = f"sqlite:///{tmp_path / 'hot.db'}"
    else:
        url = emptied(request.getfixturevalue(f"{database}_url"))
    program = tmp_path / "hot.py"
    program.write_text(PROGRAM, encoding="utf-8")
    begin = str(time.time() + START_S)
    running = [
        subprocess.Popen(
            [sys.executable, program, url, f"p{number}", begin, str(WRITERS), str(COMMANDS)],
            stdout=subprocess.PIPE, cwd=tmp_path,
        )
        for number in range(PROCESSES)
    ]  # fmt: skip
    told = [json.loads(process.communicate()[0]) for process in running]
    answers: Counter[str] = Counter()
    for each in told:
        answers.update(each["answers"])
    seconds = max(each["seconds"] for each in told)
    expected = PROCESSES * WRITERS * COMMANDS
    longest = max(each["longest"] for each in told)
    sys.stdout.write(
        f"\n{database}: {dict(answers)} in {seconds:.2f} s ({expected / seconds:.0f}/s), "
        f"the longest took {longest:.2f} s.\n"
    )
    assert answers == {"200": expected}
    assert asyncio.run(_total(url)) == expected


async def _total(url: str) -> int:
    external = await ExternalWriter.at(url)
    ((total,),) = await external.rows("SELECT total FROM account")
    await external.close()
    return int(total)
