"""Conditional requests: If-Match, If-None-Match, and the ETag of responses."""

from __future__ import annotations

import re
from hashlib import blake2b

from starmodel.adapters.web.http.request import HttpRequest
from starmodel.app.commands.preconditions import Precondition, Tags, names_version
from starmodel.core.entity import Entity
from starmodel.core.errors import PreconditionFailedError, RequestError
from starmodel.core.public_state import public_state
from starmodel.core.snapshot import version_of
from starmodel.core.values.json_data import json_bytes

MAX_HEADER_BYTES = 4096
_TAG = r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"'
_TAGS = re.compile(rf"\s*(?:,\s*)*{_TAG}(?:\s*,(?:\s*,)*\s*{_TAG})*\s*(?:,\s*)*")
_ONE = re.compile(r'(W/)?"([^"]*)"')


def precondition_of(request: HttpRequest) -> Precondition | None:
    """The precondition of a state-changing request, None without one.

    Weak tags never match in If-Match. Raises: RequestError, for malformed headers.
    """
    headers = request.headers
    if b"if-match" not in headers and b"if-none-match" not in headers:
        return None
    if request.method == "GET":
        return Precondition(_tags(request, b"if-match", weak=False))
    return Precondition(
        _tags(request, b"if-match", weak=False), _tags(request, b"if-none-match", weak=True)
    )


def tag_of(entity: Entity, body: bytes) -> str:
    """The entity tag of a record's JSON, without quotes: its version.

    With a digest of the content where the content can change within one version: computed
    fields, fields with access rules, and an instance that is not stored yet.
    """
    version = version_of(entity)
    if version and not (type(entity).model_computed_fields or entity.__entity__.guarded):
        return str(version)
    return f"{version}-{digest_of(body)}"


def etag_header(entity: Entity) -> tuple[bytes, bytes]:
    """The ETag header of a changed record, equal to that of a GET of its URL."""
    return b"etag", f'"{tag_of(entity, json_bytes(public_state(entity)))}"'.encode()


def digest_of(body: bytes) -> str:
    """A short digest of a response body."""
    return blake2b(body, digest_size=8).hexdigest()


def is_unchanged(request: HttpRequest, tag: str, entity: Entity | None = None) -> bool:
    """True when the client's cached representation is current, so a GET is answered with 304.

    Raises: PreconditionFailedError, for an If-Match of another version; RequestError.
    """
    headers = request.headers
    if b"if-match" in headers:
        tags = _tags(request, b"if-match", weak=False)
        matches = tags == "*" or tag in (tags or ())
        if not (matches or (entity is not None and names_version(tags, version_of(entity)))):
            raise PreconditionFailedError
    if b"if-none-match" not in headers:
        return False
    known = _tags(request, b"if-none-match", weak=True)
    return known == "*" or tag in (known or ())


def _tags(request: HttpRequest, name: bytes, *, weak: bool) -> Tags:
    """The entity tags of a header, unquoted; weak ones only with `weak`."""
    header = request.headers.get(name)
    if header is None:
        return None
    text = header.decode("latin-1").strip()
    if text == "*":
        return "*"
    if len(header) > MAX_HEADER_BYTES or not _TAGS.fullmatch(text):
        title = name.decode().title()
        raise RequestError(f'{title} can\'t be read; expected * or tags such as "12", "13".')
    return [tag for is_weak, tag in _ONE.findall(text) if weak or not is_weak]
