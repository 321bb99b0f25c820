"""An application with every generated page, input and message."""

GALLERY = '''
import asyncio
import enum
from datetime import date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

from fasthtml.common import *
from pydantic import AnyUrl, BaseModel, EmailStr, SecretStr
from starlette.datastructures import UploadFile
from starmodel import (
    UI, Actor, Entity, Field, Progress, Redirect, Session, Toast, create_app, event)


class Size(enum.Enum):
    SMALL = "s"
    LARGE = "l"


class Address(BaseModel):
    street: str = "Main street"
    city: str | None = None


class Author(Entity):
    """Who writes."""

    model_config = {"access": "public"}
    name: str


class Book(Entity):
    """A thing to read."""

    model_config = {
        "access": "public", "list_display": ["title", "size", "price", "sold", "day", "on"],
        "search_fields": ["title"], "list_filter": ["size", "on", "price"],
        "fieldsets": {"What it is": ["title", "about"], "Trade": ["price", "sold"]}}
    title: str = Field(min_length=1, max_length=20)
    price: Decimal = Field(default=Decimal("9.50"), ge=0)
    sold: int = 0
    size: Size = Size.SMALL
    on: bool = True
    day: date | None = None
    about: Annotated[str, UI(widget="markdown", help="Markdown works here.")] = ""

    @event
    def sell(self):
        self.sold += 1

    @event(confirm="Mark as out of print?")
    def retire(self):
        self.on = False

    @event
    def note(self, text: str, author: Author | None = None):
        if text == "bad":
            raise ValueError("That is not nice")
        self.about = text


class Everything(Entity):
    """Each kind of input once."""

    model_config = {"access": "public", "scope": "record", "plural": "everythings"}
    name: str = Field(description="As on the cover", examples=["Moby Dick"])
    body: str = ""
    about: Annotated[str, UI(widget="markdown")] = "# Hi\\\\n\\\\n[link](https://example.org)"
    whole: int = 1
    level: Annotated[int, UI(widget="range")] = 5
    on: bool = True
    perhaps: bool | None = None
    size: Size = Size.SMALL
    flavour: Annotated[Literal["a", "b"], UI(widget="radio")] = "a"
    picks: list[Literal["x", "y"]] = ["x"]
    day: date | None = date(2026, 11, 24)
    moment: datetime | None = datetime(2026, 11, 24, 16, 30, 5, 123456)
    clock: time | None = time(16, 30, 5)
    mail: EmailStr | None = None
    url: AnyUrl | None = None
    phone: Annotated[str, UI(widget="tel")] = ""
    shade: Annotated[str, UI(widget="color")] = "#ff0000"
    pin: Annotated[str, UI(widget="password")] = "1234"
    tags: list[str] = ["one", "two"]
    data: dict[str, Any] = {"a": 1}
    address: Address = Address()

    @event
    def attach(self, file: UploadFile, secret: SecretStr, by: Author | None = None):
        pass


class Empty(Entity):
    model_config = {"access": "public", "scope": "record", "plural": "empties"}
    name: str = ""


class Closed(Entity):
    model_config = {"scope": "app", "access": "role:boss"}
    count: int = 0


class Counter(Entity):
    """Counts for one visitor."""

    count: int = 0
    label: str = "Clicks"

    @event
    def increment(self, amount: Annotated[int, Field(ge=1, le=9)] = 1):
        self.count += amount

    @event
    def tell(self, kind: Literal["info", "success", "warning", "error"] = "info"):
        return Toast(f"This is {kind}", kind)

    @event
    def crash(self):
        raise RuntimeError("Broken on purpose")

    @event
    async def work(self):
        for step in range(1, 60):
            yield Progress(step / 60, f"Step {step}")
            await asyncio.sleep(0.1)


app = create_app(title="Gallery", heartbeat_s=0.5)


@app.get("/seed")
async def seed():
    if not await Book.objects.count():
        for number in range(30):
            await Book.objects.create(title=f"Book {number:02}", price=Decimal(number),
                size=list(Size)[number % 2], on=number % 3 > 0)
        await Everything.objects.create(id="one", name="First")
        await Author.objects.create(id="ann", name="Ann")
    return "seeded"


@app.get("/in")
def sign_in(session: Session):
    session.sign_in(Actor("ann", "Ann"))
    return Redirect("/")
'''
