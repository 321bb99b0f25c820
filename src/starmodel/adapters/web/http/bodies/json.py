"""The encoder of JSON answers."""

from __future__ import annotations

from typing import Any

import orjson

from starmodel.core.values.json_data import json_bytes


def json_of(data: Any) -> bytes:
    """The data as JSON; orjson writes it where it can."""
    try:
        return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # integers beyond 64 bits, and what else orjson can't write
        return json_bytes(data, inf_nan_mode="null")
