"""The English texts about passwords, attempts to sign in, and one-time links."""

from __future__ import annotations

from collections.abc import Mapping

PASSWORDS: dict[str, str | Mapping[str, str]] = {
    "password.short": "At least {min_length} characters, please.",
    "password.long": "At most {max_bytes} bytes, please.",
    "password.unreadable": "This has a character that a password can't have.",
    "password.common": "This is one of the first passwords that are guessed. "
    "Please choose another.",
    "password.pattern": "This repeats itself or counts on, which is guessed early. "
    "Please choose another.",
    "password.personal": "This is your name or address, which is guessed early. "
    "Please choose another.",
}

ATTEMPTS: dict[str, str | Mapping[str, str]] = {
    "attempts.seconds": {
        "one": "There were many attempts. Please try again in {seconds} second.",
        "other": "There were many attempts. Please try again in {seconds} seconds.",
    },
    "attempts.minutes": "There were many attempts. Please try again in {minutes} minutes.",
}
