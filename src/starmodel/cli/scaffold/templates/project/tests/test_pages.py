"""The rendered pages of this application."""

from starmodel.testing import Visitor


def test_home_stands_in_the_layout(visitor: Visitor) -> None:
    home = visitor.open("/")
    assert home.text("h1") == "Home"
    assert "PROJECT_TITLE" in home.title


# [sql]
def test_tasks_are_public_and_written_after_sign_in(visitor: Visitor) -> None:
    assert visitor.post("/tasks", {"title": "Buy paper"}).status == 401
    visitor.sign_in("ann")
    tasks = visitor.open("/tasks")
    made = visitor.post("/tasks", {"title": "Buy paper"})
    assert made.status == 201
    assert "Buy paper" in tasks.text("main")  # the open list is updated by its stream
    visitor.sign_out()
    assert len(visitor.get("/tasks").json()["items"]) == 1


# [end]


# [auth]
def test_home_leads_to_the_account(visitor: Visitor) -> None:
    assert "Sign in, or see your account" in visitor.open("/").text("main")
    assert visitor.get("/account").status == 401


# [end]
