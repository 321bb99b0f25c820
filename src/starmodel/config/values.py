"""Annotated types of settings with parsing and error messages beyond pydantic's."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from starmodel.core.fields.entity_config import PLUGIN_NAME
from starmodel.core.values.mail_addresses import mail_sender


def _items(value: Any) -> Any:
    if isinstance(value, str):
        return [item.strip() for item in value.split(",") if item.strip()]
    return value


def _origin(value: str) -> str:
    parts = urlsplit(value)
    plain = parts.hostname and parts.path in ("", "/") and not (parts.query or parts.fragment)
    if parts.scheme not in ("http", "https") or not plain or parts.username is not None:
        raise ValueError("must look like https://app.example.com, without a path")
    if not value.isascii():
        raise ValueError("must be ASCII, as browsers send it: xn--… for other letters")
    name = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    default = {"http": 80, "https": 443}[parts.scheme]
    port = "" if parts.port in (None, default) else f":{parts.port}"
    return f"{parts.scheme}://{name}{port}"


def _cors_origin(value: str) -> str:
    return value if value == "*" else _origin(value)


def _host(value: str) -> str:
    if not value or "/" in value or "*" in value.removeprefix("*."):
        raise ValueError("must be a host name such as app.example.com or *.example.com")
    return value.lower()


def _network(value: str) -> str:
    try:
        ip_network(value, strict=False)
    except ValueError:
        raise ValueError("must be an IP address or network such as 10.0.0.0/8") from None
    return value


def _name(value: str) -> str:
    if not value.isidentifier():
        raise ValueError("must be one word of letters, digits and _")
    return value


def _bus(value: str) -> str:
    module, colon, attribute = value.partition(":")
    path = [*module.split("."), attribute]
    if value in ("memory", "redis") or (colon and all(part.isidentifier() for part in path)):
        return value
    raise ValueError("must be 'memory', 'redis' or 'package.module:Class'")


def _database_url(value: str) -> str:
    if not re.match(r"(sqlite|postgres|postgresql|mysql|mariadb)(\+\w+)?://", value):
        raise ValueError("must look like sqlite:///system.db or postgresql://user@host/name")
    return value


def _mail_url(value: str) -> str:
    try:
        is_valid = re.match(r"[a-z][a-z0-9+-]*:", value) and urlsplit(value).port != 0
    except ValueError:
        is_valid = False
    if not is_valid or not value.isprintable() or len(value) > 2000:
        raise ValueError("must look like smtps://user:password@mail.example.org")
    return value


def _mail_from(value: str) -> str:
    try:
        mail_sender(value)
    except ValueError:
        raise ValueError("must look like Shop <no-reply@shop.example>") from None
    return value


def _plugin_name(value: str) -> str:
    if not PLUGIN_NAME.fullmatch(value):
        raise ValueError("must be lower-case letters, digits and _")
    return value


def _redis_prefix(value: str) -> str:
    if not re.fullmatch(r"[\w.{}-]{1,64}", value, re.ASCII):
        raise ValueError("must be at most 64 letters, digits and _ . - such as shop or {shop}")
    return value


def _language(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}", value):
        raise ValueError("must be a language tag such as de or pt-BR")
    return value


# A list that is parsed from `a, b` in environment variables.
CommaList = BeforeValidator(_items)
Origin = Annotated[str, AfterValidator(_origin)]
CorsOrigin = Annotated[str, AfterValidator(_cors_origin)]
Host = Annotated[str, AfterValidator(_host)]
Network = Annotated[str, AfterValidator(_network)]
Name = Annotated[str, AfterValidator(_name)]
Bus = Annotated[str, AfterValidator(_bus)]
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
MailUrl = Annotated[str, AfterValidator(_mail_url)]
MailFrom = Annotated[str, AfterValidator(_mail_from)]
LanguageTag = Annotated[str, AfterValidator(_language)]
PluginName = Annotated[str, AfterValidator(_plugin_name)]
RedisPrefix = Annotated[str, AfterValidator(_redis_prefix)]
FolderPath = Annotated[str, Field(min_length=1, max_length=500)]
Count = Annotated[int, Field(ge=1)]
# The colour themes of MonsterUI.
Theme = Literal[
    "amber", "blue", "gray", "green", "neutral", "orange", "purple", "red", "rose", "slate",
    "stone", "teal", "violet", "yellow", "zinc",
]  # fmt: skip
