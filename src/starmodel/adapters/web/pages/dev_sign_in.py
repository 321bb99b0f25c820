"""The development sign-in: a link that makes the browser which opens it the developer's."""

from __future__ import annotations

import hashlib
import hmac
import logging
import os
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

log = logging.getLogger("starmodel")


def dev_token(secret: str) -> str:
    """The token of the link; the same as long as the secret key is."""
    return hmac.digest(secret.encode(), b"starmodel:development sign-in", hashlib.sha256).hex()[:32]


def greet(token: str, root_path: str) -> None:
    """Log the link: by our logger when it shows information, else by the server's."""
    line = f"Open {server_address(sys.argv)}{root_path}/?token={token} to sign in as the developer."
    for logger in (log, logging.getLogger("uvicorn.error")):
        if logger.hasHandlers() and logger.isEnabledFor(logging.INFO):
            logger.info(line)
            return
    log.warning(line)  # Python prints warnings of loggers that nobody has configured


def server_address(arguments: Sequence[str]) -> str:
    """Where this process is served: as `starmodel run` says, else as uvicorn's options do.

    An application is not told its address, so this is for people only.

    >>> server_address(["/bin/uvicorn", "hello:app", "--port", "9000"])
    'http://127.0.0.1:9000'
    """
    told = os.environ.get("STARMODEL_ADDRESS")
    if told:
        return told
    options = {"--host": "127.0.0.1", "--port": "8000"}
    program = Path(arguments[0]).name if arguments else ""
    if program.startswith("uvicorn") or program == "__main__.py":
        words = [part for word in arguments[1:] for part in word.split("=", 1)]
        for name, value in pairwise(words):
            if name in options:
                options[name] = value
    host = options["--host"]
    return f"http://{f'[{host}]' if ':' in host else host}:{options['--port']}"
