"""mypy --strict accepts valid application code and refuses the marked lines."""

import re
from pathlib import Path

from mypy import api

PROGRAM = Path(__file__).with_name("user_code.py")


def test_user_code_is_checked_as_marked():
    said, broken, _ = api.run(["--strict", "--no-error-summary", "--no-pretty", str(PROGRAM)])
    assert not broken
    found = {
        int(line): code
        for line, code in re.findall(r"user_code\.py:(\d+): error: .*\[([\w-]+)\]", said)
    }
    marked = {
        number: line.rpartition("# E: ")[2]
        for number, line in enumerate(PROGRAM.read_text().splitlines(), 1)
        if "# E: " in line
    }
    assert found.keys() == marked.keys(), said
    for number, code in marked.items():
        assert found[number].startswith(code), said
