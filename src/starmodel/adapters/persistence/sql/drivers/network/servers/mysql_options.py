"""Translates a database URL to the connection options of asyncmy."""

from __future__ import annotations

import ssl
from typing import Any

from sqlalchemy.engine import URL

from starmodel.core.errors import ConfigurationError

_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def options_of(url: URL) -> dict[str, Any]:
    """Return the connection options. Raises: ConfigurationError, listing the valid options."""
    if not url.database:
        raise ConfigurationError(
            "The database url names no database. Write its name at the end: "
            "mysql://user:password@host/name."
        )
    defaults = {"host": "127.0.0.1", "port": 3306, "user": None, "password": ""}
    return defaults | url.translate_connect_args(username="user") | _query_options(url)


def _query_options(url: URL) -> dict[str, Any]:
    """Parse the query string of the URL; SQLAlchemy's dialect would pass on any option."""
    made: dict[str, Any] = {}
    for name, given in url.query.items():
        value = str(given)
        if name == "unix_socket":
            made["unix_socket"] = value
        elif name == "ssl_ca":
            made["ssl"] = _context(value)
        elif name == "ssl" and value.lower() in _BOOLEANS:
            if _BOOLEANS[value.lower()]:
                made.setdefault("ssl", ssl.create_default_context())
        elif name == "ssl":
            raise ConfigurationError(
                f"The database url has ssl={value!r}; expected true or false. With true the "
                "server's certificate is checked, against ssl_ca if it is given."
            )
        elif name != "charset":  # utf8mb4 is the only encoding in use
            raise ConfigurationError(
                f"The database url has {name!r} behind its '?'; MySQL takes unix_socket, ssl and "
                "ssl_ca."
            )
    return made


def _context(file: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=file)
    except OSError as error:  # includes ssl.SSLError
        raise ConfigurationError(
            f"The database url has ssl_ca={file!r}, which can't be loaded: "
            f"{error.strerror or error}. Name a file of certificates in PEM format."
        ) from error
