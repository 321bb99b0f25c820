"""The layout of an e-mail, as text and as HTML.

E-mails contain no input of visitors, so they can't be used to send texts to other people.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape

from starmodel.app.ports.mailer import MailMessage
from starmodel.texts.catalogue import Catalogue

MAX_SITE_CHARS = 80
_FONT = "font-family:system-ui,-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif"
_PAGE = f"margin:0;padding:24px 12px;background:#f4f4f5;color:#18181b;line-height:1.5;{_FONT}"
_CARD = (
    "max-width:480px;margin:0 auto;padding:28px;background:#ffffff;border-radius:10px;"
    "border:1px solid #e4e4e7"
)
_BUTTON = (
    "display:inline-block;padding:12px 20px;background:#18181b;color:#ffffff;border-radius:8px;"
    "text-decoration:none;font-weight:600"
)
_CODE = "font:600 30px/1.2 ui-monospace,Menlo,Consolas,monospace;letter-spacing:.18em;margin:20px 0"
_SMALL = "font-size:13px;color:#71717a;margin:20px 0 0;overflow-wrap:anywhere"


@dataclass(frozen=True, slots=True)
class Email:
    """The content of an e-mail.

    Shapes: kind is that of its texts, "reset" for "email.reset.…"; code is "" for none.
    """

    kind: str
    to: str
    url: str = field(repr=False)
    code: str = field(default="", repr=False)


def message_of(email: Email, texts: Catalogue, site: str) -> MailMessage:
    """The message of an e-mail in the words of the application.

    Shapes: site is the name of the application.
    """
    site = " ".join(site.split())[:MAX_SITE_CHARS]
    words = {
        part: texts.text(f"email.{email.kind}.{part}", site=site)
        for part in ("subject", "text", "button", "end")
    }
    link = f"{words['button']}:\n{email.url}"
    parts = filter(None, [words["text"], email.code, link, words["end"], site])
    return MailMessage(
        email.to, words["subject"], "\n\n".join(parts) + "\n", _html(email, texts, words, site)
    )


def _html(email: Email, texts: Catalogue, words: dict[str, str], site: str) -> str:
    shown = {name: escape(text) for name, text in words.items()}
    url, code = escape(email.url), escape(email.code)
    code_part = f'<p style="{_CODE}">{code}</p>' if code else ""
    language = escape(texts.text("page.language"))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{shown['subject']}</title></head>"
        f'<body style="{_PAGE}"><div style="{_CARD}">'
        f'<p style="margin:0 0 16px;font-weight:600">{escape(site)}</p>'
        f'<p style="margin:0 0 20px">{shown["text"]}</p>{code_part}'
        f'<p style="margin:0"><a href="{url}" style="{_BUTTON}">{shown["button"]}</a></p>'
        f'<p style="{_SMALL}">{escape(texts.text("email.link"))}'
        f'<a href="{url}" style="color:inherit">{url}</a></p>'
        f'<p style="{_SMALL}">{shown["end"]}</p></div></body></html>'
    )
