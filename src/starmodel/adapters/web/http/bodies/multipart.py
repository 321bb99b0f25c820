"""Multipart form bodies, parsed in linear time within bounds.

Unlike Starlette's `MultiPartParser`, which has the same tokenizer, a body without its end or with
invalid UTF-8 is an error, and no client chooses the codec
(tests/integration/compat/test_starlette_parsers.py).
"""

from __future__ import annotations

import re
from tempfile import SpooledTemporaryFile
from typing import Any

from python_multipart import MultipartParser
from python_multipart.exceptions import FormParserError

from starmodel.core.errors import RequestError

MAX_FIELDS = 1000
MAX_HEADERS = 8
MAX_HEADER_BYTES = 2048
_BOUNDARY = re.compile(
    r";[ \t]*boundary=(?:\"([0-9A-Za-z'()+_,./:=? -]{1,70})\"|([0-9A-Za-z'()+_,./:=?-]{1,70}))"
    r"[ \t]*(?:;|$)",
    re.IGNORECASE,
)
_PARAMETER = re.compile(
    rb";[ \t]*([!#$%&'+.^_`|~0-9A-Za-z-]+\*?)=(?:\"((?:[^\"\\]|\\.)*+)\"|([^;\"\s]*+))[ \t]*"
)
_ESCAPED = re.compile(rb"\\([\\\"])")


def multipart_pairs(content_type: str, body: bytes) -> list[tuple[str, Any]]:
    """Parse a multipart form into ordered (name, value) pairs; a file is an UploadFile.

    Raises: RequestError, for a body that is malformed or beyond a bound.
    """
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise RequestError("The form can't be read: its boundary is missing or malformed.")
    parts = _Parts(len(body))
    try:
        parser = MultipartParser(
            (found[1] or found[2]).encode("ascii"),
            {
                "on_part_begin": parts.begin,
                "on_header_field": parts.header_name,
                "on_header_value": parts.header_value,
                "on_headers_finished": parts.headers_finished,
                "on_part_data": parts.data,
                "on_part_end": parts.end,
                "on_end": parts.finish,
            },
            max_header_count=MAX_HEADERS,
            max_header_size=MAX_HEADER_BYTES,
        )
        parser.write(body)
        parser.finalize()
        if body and not parts.finished:
            raise RequestError("The form can't be read: its end is missing.")
    except FormParserError as error:
        parts.close()
        raise RequestError("The form can't be read: it is no valid multipart body.") from error
    except RequestError:
        parts.close()
        raise
    return parts.pairs


class _Parts:
    """Parser callbacks that collect the parts of one body."""

    def __init__(self, size: int) -> None:
        self._spool_bytes = size + 1  # the body is in memory, so its files stay there too
        self.pairs: list[tuple[str, Any]] = []
        self._name = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._field, self._data = "", bytearray()
        self._file: Any = None
        self.finished = False

    def begin(self) -> None:
        if len(self.pairs) >= MAX_FIELDS:
            raise RequestError(f"The form has more than {MAX_FIELDS} fields.")
        self._headers, self._data, self._file = [], bytearray(), None

    def header_name(self, data: bytes, start: int, end: int) -> None:
        self._name = data[start:end].lower()

    def header_value(self, data: bytes, start: int, end: int) -> None:
        self._headers.append((self._name, data[start:end]))

    def headers_finished(self) -> None:
        options = _options(dict(self._headers).get(b"content-disposition", b""))
        if b"name" not in options:
            raise RequestError("The form can't be read: a part of it has no name.")
        self._field = _decoded(options[b"name"])
        if b"filename" in options:
            from starlette.datastructures import Headers, UploadFile

            name = _decoded(options[b"filename"])
            spool: Any = SpooledTemporaryFile(max_size=self._spool_bytes)  # noqa: SIM115 - see `close`
            self._file = UploadFile(
                spool, size=0, filename=name, headers=Headers(raw=self._headers)
            )

    def data(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            self._data += data[start:end]
        else:
            self._file.file.write(data[start:end])
            self._file.size += end - start

    def end(self) -> None:
        if self._file is None:
            self.pairs.append((self._field, _decoded(self._data)))
        else:
            self._file.file.seek(0)
            self.pairs.append((self._field, self._file))
            self._file = None

    def finish(self) -> None:
        self.finished = True

    def close(self) -> None:
        """Close the files of a rejected body."""
        files = [value for _, value in self.pairs if not isinstance(value, str)]
        for file in [*files, *([self._file] if self._file is not None else [])]:
            file.file.close()


def _options(header: bytes) -> dict[bytes, bytes]:
    """The parameters of a Content-Disposition header; the first of a repeated one."""
    options: dict[bytes, bytes] = {}
    kind, _, _ = header.partition(b";")
    at = len(kind)
    while at < len(header):
        found = _PARAMETER.match(header, at)
        if found is None:
            break
        quoted = found[2]
        value = found[3] if quoted is None else _ESCAPED.sub(rb"\1", quoted)
        options.setdefault(found[1].lower(), value)
        at = found.end()
    return options


def _decoded(data: bytes | bytearray) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RequestError("The form can't be read: it is not UTF-8.") from error
