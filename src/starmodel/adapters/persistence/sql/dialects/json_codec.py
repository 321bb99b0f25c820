"""Codec of JSON columns."""

from __future__ import annotations

from typing import Any

from pydantic.fields import FieldInfo

from starmodel.adapters.persistence.json_values import json_functions
from starmodel.adapters.persistence.sql.dialects.codecs import Codec
from starmodel.core.values.tagged_json import from_text


def json_codec(info: FieldInfo) -> Codec:
    """Encode as JSON, validate when decoding; a value that is no longer valid is returned as is."""
    encode, typed = json_functions(info)

    def decode(text: Any) -> Any:
        return typed(from_text(text))

    return Codec(encode, decode, is_json=True)
