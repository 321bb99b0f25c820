"""The pages of this application, as a visitor gets them."""

from starlette.testclient import TestClient


def test_home_is_shown(client: TestClient) -> None:
    page = client.get("/", headers={"accept": "text/html"})
    assert page.status_code == 200
    assert "PROJECT_TITLE" in page.text


# [memory]
def test_each_visitor_has_a_counter_of_their_own(client: TestClient) -> None:
    changed = client.post("/counter/increment", json={"amount": 2})
    assert changed.json()["entity"]["count"] == 2
    client.cookies.clear()  # somebody else
    changed = client.post("/counter/increment", json={"amount": 3})
    assert changed.json()["entity"]["count"] == 3


# [end]
# [sql]
def test_tasks_are_read_by_all_and_written_by_who_is_signed_in(client: TestClient) -> None:
    tasks = client.get("/tasks", headers={"accept": "application/json"})
    assert tasks.json()["items"] == []
    assert client.post("/tasks", json={"title": "Buy paper"}).status_code == 401


# [end]
