"""One setting with its value and origin, and URLs without their passwords."""

from __future__ import annotations

import re
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from starmodel.core.fields.privacy import looks_secret

MASK = "***"
_PARAMETER = re.compile(r"([?&])([^=&]+)=([^&]*)")


class SettingRow(NamedTuple):
    """One setting. Shapes: value is JSON data, masked where it is secret."""

    name: str
    value: Any
    origin: str

    @property
    def text(self) -> str:
        """The value as text for the terminal."""
        if isinstance(self.value, list):
            return ", ".join(map(str, self.value)) or "-"
        if isinstance(self.value, bool):
            return "yes" if self.value else "no"
        return "-" if self.value is None else str(self.value)


def masked_url(url: str) -> str:
    """The URL with its password and parameters that look secret replaced by ***.

    >>> masked_url("postgresql://ann:hush@db/shop?sslpassword=hush&x=1")
    'postgresql://ann:***@db/shop?sslpassword=***&x=1'
    """
    try:
        parts = urlsplit(url)
        at = parts.netloc.rpartition("@")[0]
        password = at.partition(":")[2]
    except ValueError:
        return MASK
    if not parts.scheme:
        return MASK  # not a URL, so any part may be the secret
    if password:
        url = url.replace(f"{at}@", f"{at.partition(':')[0]}:{MASK}@", 1)
    return _PARAMETER.sub(_masked_parameter, url)


def _masked_parameter(found: re.Match[str]) -> str:
    mark, name, value = found.groups()
    secret = looks_secret(name) or "password" in name.casefold()
    return f"{mark}{name}={MASK if secret else value}"
