"""The pages of this application, as a visitor gets them."""

from starmodel.testing import Visitor


def test_home_is_shown(visitor: Visitor) -> None:
    assert visitor.open("/").text("h1") == "PROJECT_TITLE"


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
