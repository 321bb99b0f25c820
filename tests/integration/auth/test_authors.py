"""Pages show who made a record by the title of the user, never by the raw id."""

from __future__ import annotations

from typing import Any

from integration.auth.people import ANN, create, signed_in
from integration.web.browser import unlisted
from starmodel import Entity, EntityConfig, Field
from starmodel.auth import Auth, User


@unlisted
class Writer(User):
    model_config = EntityConfig(store="memory", access={"read": "signed_in"})


@unlisted
class Post(Entity):
    model_config = EntityConfig(scope="record", access="signed_in")
    text: str
    author_id: str = Field(default="", default_from="actor")


async def test_author_is_a_link_where_users_have_a_class(process: Any) -> None:
    app = process(Writer, Post, auth=Auth(user=Writer))
    ann = await create(app, ANN)
    browser = await signed_in(app)
    made = await browser.call("POST", "/posts", {"text": "Hello"})

    page = (await browser.page(made.headers["location"])).text
    rows = (await browser.page("/posts")).text

    for html in (page, rows):
        assert f'href="/writers/{ann.id}"' in html
        assert f">{ANN}</a>" in html
        assert f">{ann.id}<" not in html
