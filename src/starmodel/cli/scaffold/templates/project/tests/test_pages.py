"""The pages of this application, as a visitor gets them."""

from starmodel.testing import Visitor

# [memory]
from app.entities import Counter

# [end]


def test_home_is_shown(visitor: Visitor) -> None:
    assert visitor.open("/").text("h1") == "PROJECT_TITLE"


# [memory]
def test_tabs_of_one_visitor_follow_each_other(visitor: Visitor) -> None:
    home, counter = visitor.open("/"), visitor.open("/counter")
    home.click("One more")
    counter.submit(Counter.increment(), amount=2)
    assert home.signals["Counter.count"] == 3
    assert Visitor(visitor.app).open("/").signals["Counter.count"] == 0


# [end]
# [sql]
def test_tasks_are_read_by_all_and_written_by_who_is_signed_in(visitor: Visitor) -> None:
    assert visitor.post("/tasks", {"title": "Buy paper"}).status == 401
    visitor.sign_in("ann")
    tasks = visitor.open("/tasks")
    made = visitor.post("/tasks", {"title": "Buy paper"})
    assert made.status == 201
    assert "Buy paper" in tasks.text("main")  # the open list has followed
    visitor.sign_out()
    assert len(visitor.get("/tasks").json()["items"]) == 1


# [end]
