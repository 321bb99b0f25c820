"""The English texts about passwords, attempts to sign in, and one-time links."""

from __future__ import annotations

from collections.abc import Mapping

PASSWORDS: dict[str, str | Mapping[str, str]] = {
    "password.short": "At least {min_length} characters.",
    "password.long": "This password is too long. At most {max_bytes} bytes are possible.",
    "password.unreadable": "This has a character that a password can't have.",
    "password.common": "This is one of the first passwords that others would guess. Choose another "
    "one.",
    "password.pattern": "Repetitions and sequences are easy to guess. Choose another password.",
    "password.personal": "Your name and address are easy to guess. Choose another password.",
}

CONFIRMATION: dict[str, str | Mapping[str, str]] = {
    "sudo.title": "Confirm that it's you",
    "sudo.needed": "Please confirm your password: this needs a sign-in within the last "
    "{minutes} minutes.",
    "sudo.why": "This changes something important, so your password is asked for again.",
    "sudo.submit": "Confirm and continue",
    "sudo.wrong": "This is not your password. Try again.",
    "sudo.no_password": "Your account has no password. Please sign out, sign in again, and "
    "repeat this.",
    "sudo.cancel": "Cancel",
}

TOKENS: dict[str, str | Mapping[str, str]] = {
    "token.title": "Access for programs",
    "token.name": "What it is for",
    "token.name_help": "For example the name of the program or the computer.",
    "token.grants": "What it may do",
    "token.grants_help": "Such as Product:read Product:adjust, separated by spaces. Product:* is "
    "everything that you may do with products; *:read is reading everything that you may read.",
    "token.lasts": "Valid for",
    "token.days": "{days} days",
    "token.create": "Create a token",
    "token.shown_once": "Your new token. Copy it now: it is shown only once.",
    "token.expires": "Until {date}",
    "token.used": "last used on {date}",
    "token.unused": "not used yet",
    "token.revoke": "Revoke",
    "token.revoke_named": "Revoke {name}",
    "token.revoked": "The token is revoked.",
    "token.disabled": "This account is disabled.",
    "token.unknown_grant": "{grant} is not known here.",
    "token.refused": "Please give a name, what it may do, and how long it is valid. There can be "
    "50 tokens at most.",
}

ATTEMPTS: dict[str, str | Mapping[str, str]] = {
    "attempts.seconds": {
        "one": "There were too many attempts. Try again in {seconds} second.",
        "other": "There were too many attempts. Try again in {seconds} seconds.",
    },
    "attempts.minutes": "There were too many attempts. Try again in {minutes} minutes.",
}
