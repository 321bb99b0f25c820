"""A record page lists the records of a many-to-many relation, live and read-only."""

from __future__ import annotations

from typing import Any

import pytest

from integration.web.browser import unlisted
from starmodel import Entity, Relationship, create_app
from starmodel.testing import Visitor

ROWS = "#children-tags tbody td.sm-first"


@unlisted
class Tag(Entity):
    model_config = {"store": "memory", "access": "public"}
    name: str
    posts: list[Post] = Relationship(link_model="Tagging")


@unlisted
class Post(Entity):
    model_config = {"store": "memory", "access": "public"}
    title: str
    tags: list[Tag] = Relationship(link_model="Tagging")


@unlisted
class Tagging(Entity):
    model_config = {"store": "memory", "access": "public"}
    post: Post
    tag: Tag
    note: str = ""


@pytest.fixture
def visitor(in_memory: Any) -> Visitor:
    return Visitor(create_app([Tag, Post, Tagging]))


def test_related_records_are_listed_by_title_and_follow_the_links(visitor: Visitor) -> None:
    post, other = (visitor.run(Post.objects.create(title=title)) for title in ("One", "Two"))
    tags = [visitor.run(Tag.objects.create(name=name)) for name in ("red", "<b>green")]
    visitor.run(Tagging.objects.create(post_id=post.id, tag_id=tags[0].id))
    visitor.run(Tagging.objects.create(post_id=other.id, tag_id=tags[1].id))
    page = visitor.open(f"/posts/{post.id}")
    assert page.texts(ROWS) == ["red"]
    assert page.text("#children-tags h2") == "Tags"
    link = visitor.run(Tagging.objects.create(post_id=post.id, tag_id=tags[1].id))
    assert sorted(page.texts(ROWS)) == ["<b>green", "red"]
    assert "<b>green" not in page.html
    assert not page.has("#children-tags details")
    assert not page.has("#children-tags .sm-children-head a")
    page.click("red")
    assert page.url == f"/tags/{tags[0].id}"
    assert page.texts("#children-posts tbody td.sm-first") == ["One"]
    page = visitor.open(f"/posts/{post.id}")
    visitor.open(f"/taggings/{link.id}").submit(link.do.delete())
    assert page.texts(ROWS) == ["red"]


def test_links_with_a_relation_of_their_own_are_listed_once(in_memory: Any) -> None:
    @unlisted
    class Club(Entity):
        model_config = {"store": "memory", "access": "public"}
        name: str
        people: list[Person] = Relationship(link_model="Membership")
        memberships: list[Membership]

    @unlisted
    class Person(Entity):
        model_config = {"store": "memory", "access": "public"}
        name: str

    @unlisted
    class Membership(Entity):
        model_config = {"store": "memory", "access": "public"}
        club: Club
        person: Person

    visitor = Visitor(create_app([Club, Person, Membership]))
    club = visitor.run(Club.objects.create(name="Chess"))
    page = visitor.open(f"/clubs/{club.id}")
    assert page.has("#children-memberships")
    assert not page.has("#children-people")


def test_related_record_that_the_visitor_may_not_read_has_no_title(in_memory: Any) -> None:
    @unlisted
    class Shelf(Entity):
        model_config = {"store": "memory", "access": "public"}
        name: str
        books: list[Book] = Relationship(link_model="Placing")

    @unlisted
    class Book(Entity):
        model_config = {
            "store": "memory", "access": {"read": "role:staff", "write": "role:staff"},
        }  # fmt: skip
        name: str

    @unlisted
    class Placing(Entity):
        model_config = {"store": "memory", "access": "public"}
        shelf: Shelf
        book: Book

    visitor = Visitor(create_app([Shelf, Book, Placing]))
    shelf = visitor.run(Shelf.objects.create(name="Top"))
    book = visitor.run(Book.objects.create(name="Secret"))
    visitor.run(Placing.objects.create(shelf_id=shelf.id, book_id=book.id))
    assert "Secret" not in visitor.open(f"/shelves/{shelf.id}").html
    visitor.sign_in("ann", roles=["staff"])
    assert "Secret" in visitor.open(f"/shelves/{shelf.id}").text("#children-books")
