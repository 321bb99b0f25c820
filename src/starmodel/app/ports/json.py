"""The JSON encoder of responses and streams."""

from __future__ import annotations

from typing import Any

import orjson

from starmodel.core.values.json_data import json_bytes


def json_of(data: Any) -> bytes:
    """Encode data as JSON in one line, by orjson where it supports the types.

    NaN and infinities become null.
    """
    try:
        return orjson.dumps(data, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:  # integers beyond 64 bits, and other types that orjson can't encode
        return json_bytes(data, inf_nan_mode="null")
