"""The URL of the server process, for display."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path


def server_address(arguments: Sequence[str]) -> str:
    """The URL of this process, from `starmodel run`, else parsed from uvicorn's options.

    ASGI gives an application no address, so the URL is a guess for display only.

    >>> server_address(["/bin/uvicorn", "hello:app", "--port", "9000"])
    'http://127.0.0.1:9000'
    """
    address = os.environ.get("STARMODEL_ADDRESS")
    if address:
        return address
    options = {"--host": "127.0.0.1", "--port": "8000"}
    program = Path(arguments[0]).name if arguments else ""
    if program.startswith("uvicorn") or program == "__main__.py":
        words = [part for word in arguments[1:] for part in word.split("=", 1)]
        for name, value in pairwise(words):
            if name in options:
                options[name] = value
    host = options["--host"]
    return f"http://{f'[{host}]' if ':' in host else host}:{options['--port']}"
