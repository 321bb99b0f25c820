"""A chat: one shared entity, and a live list of its messages."""

from datetime import UTC, datetime

from fasthtml.common import *
from monsterui.all import *

from starmodel import Entity, event, live, page

from .frame import CARD, MUTED, beside, frame

AVATAR = "grid size-9 flex-none place-items-center rounded-full border-2 bg-muted font-semibold"
MAX_MESSAGES, MAX_NAME, MAX_TEXT = 50, 40, 500


class Chat(Entity):
    """One conversation for everybody who has it open."""

    model_config = {"scope": "app", "access": "public"}
    messages: list[dict[str, str]] = []

    @event(title="Send")
    def say(self, name: str, text: str, session):
        name, text = name.strip()[:MAX_NAME], text.strip()[:MAX_TEXT]
        if not name or not text:
            raise ValueError("Write your name and a message.")
        at = datetime.now(UTC).strftime("%H:%M")
        self.messages.append({"name": name, "text": text, "at": at})
        del self.messages[:-MAX_MESSAGES]  # only the newest messages stay
        session["name"] = name
        return {"text": ""}  # a signal of the sender's page, which empties the input


@live
def messages(chat: Chat):
    """Rendered again in every open page when the chat changes."""
    said = (
        Ol(*map(message, chat.messages), cls="flex flex-col gap-5") if chat.messages else nobody()
    )
    return Div(
        said,
        id="messages",
        role="log",
        aria_label="Messages",
        cls="flex grow flex-col justify-end p-5",
    )


def message(said):
    colour = sum(map(ord, said["name"])) % 5 + 1
    return Li(
        Span(
            said["name"][0].upper(),
            aria_hidden="true",
            cls=AVATAR,
            style=f"border-color: hsl(var(--chart-{colour}))",
        ),
        Div(
            P(
                Strong(said["name"], cls="font-semibold"),
                " ",
                Time(f"{said['at']} UTC", cls="text-xs text-muted-foreground"),
                cls="text-sm",
            ),
            P(said["text"], cls="break-words"),
            cls="min-w-0",
        ),
        cls="flex gap-3",
    )


def nobody():
    return Div(
        UkIcon("messages-square", height=32, width=32),
        Span("Nobody has said anything yet."),
        Span("Open this page in another browser, and answer yourself."),
        cls=f"m-auto flex flex-col items-center gap-2 text-center {MUTED}",
    )


@page("/chat", title="Chat", icon="users", access="public")
def conversation(chat: Chat, session):
    """A live list for everybody who has it open."""
    known = session.actor.name if session.actor else ""
    box = Div(
        # In reverse, the box stays scrolled to its end while it grows, without a script.
        Div(messages(chat), tabindex="0", cls="flex h-[26rem] flex-col-reverse overflow-y-auto"),
        Form(
            Input(
                data_bind="name",
                value=session.get("name", known[:MAX_NAME]),
                maxlength=MAX_NAME,
                required=True,
                placeholder="Your name",
                aria_label="Your name",
                cls="sm:w-40",
            ),
            Input(
                data_bind="text",
                maxlength=MAX_TEXT,
                required=True,
                autocomplete="off",
                placeholder="Write a message",
                aria_label="Message",
                cls="min-w-0 flex-1",
            ),
            Button("Send", cls=ButtonT.primary),
            data_on_submit=Chat.say(),
            cls="flex flex-wrap gap-2 border-t border-border p-4",
        ),
        cls=f"{CARD} min-w-0",
    )
    return frame(
        beside(
            box,
            "Open this page in another browser: what one says, the other sees at once.",
            "Stop the server and start it again: both pages come back by themselves. The messages "
            "are gone, because this chat is kept in memory.",
            "Reload the page: your name is still there, kept in your session.",
            Span(A("Create an account", href="/sign-up"), " with a name: the chat knows it."),
        ),
        lead="One entity, shared by all who open the page. It keeps the last 50 messages.",
        source=__file__,
    )
