"""The development sign-in: a link with a token that signs its browser in as the developer."""

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
    """The token of the link, derived from the secret key."""
    return hmac.digest(secret.encode(), b"starmodel:development sign-in", hashlib.sha256).hex()[:32]


def log_sign_in_link(token: str, root_path: str) -> None:
    """Log the link to the first logger that handles INFO: StarModel's, else uvicorn's."""
    line = f"Open {server_address(sys.argv)}{root_path}/?token={token} to sign in as the developer."
    for logger in (log, logging.getLogger("uvicorn.error")):
        if logger.hasHandlers() and logger.isEnabledFor(logging.INFO):
            logger.info(line)
            return
    log.warning(line)  # Python prints warnings of unconfigured loggers


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
