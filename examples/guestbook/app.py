"""A live guest book on plain Starlette, with a Jinja template.

Run it: `starmodel run examples/guestbook/app.py`
"""

from pathlib import Path
from typing import Annotated

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates

from starmodel import Entity, Field, create_app, event, live
from starmodel.starlette import endpoint, page_head, page_tail, render


class GuestBook(Entity):
    """One book for all visitors."""

    model_config = {"scope": "app", "access": "public"}
    entries: list[str] = []

    @event
    def sign(self, text: Annotated[str, Field(min_length=1, max_length=200)]) -> None:
        self.entries = [text, *self.entries[:99]]


@live
def entries(book: GuestBook) -> Markup:
    """The entries, rendered again after each change in every open page."""
    return Markup(templates.get_template("entries.html").render(book=book))  # noqa: S704 - the template escapes


folder = Path(__file__).parent / "templates"
templates = Jinja2Templates(
    env=Environment(loader=FileSystemLoader(folder), autoescape=select_autoescape())
)
templates.env.globals.update(
    page_head=page_head, page_tail=page_tail, render=render, entries=entries, GuestBook=GuestBook
)


@endpoint
async def home(request: Request, book: GuestBook) -> Response:
    """A guest book."""
    return templates.TemplateResponse(request, "home.html", {"book": book})


app = create_app([GuestBook], web="starlette", title="Guest book", routes=[Route("/", home)])
