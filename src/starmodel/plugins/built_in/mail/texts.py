"""The texts of the mailbox."""

from __future__ import annotations

from starmodel.texts.english import Text

TEXTS: dict[str, Text] = {
    "title": "Mailbox",
    "developer": "Only the developer may see the mailbox.",
    "intro": "In development, mail of this application arrives here and goes nowhere else. "
    "The newest messages stay until the server restarts.",
    "empty": "No mail yet.",
    "to": "To",
    "sent": "Sent",
    "back": "All mail",
    "html": "HTML",
    "text": "Text",
}
