# [sql]
"""Tasks as plain Python, without server and database."""

from datetime import date, timedelta

import pytest

from app.entities import Task


def test_finish_of_a_finished_task_is_refused() -> None:
    task = Task(title="Buy paper")
    task.finish()
    assert task.done
    with pytest.raises(ValueError, match="done already"):
        task.finish()


def test_postpone_without_a_due_date_starts_today() -> None:
    task = Task(title="Buy paper")
    task.postpone(2)
    assert task.due == date.today() + timedelta(days=2)


def test_title_shorter_than_three_characters_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 3"):
        Task(title="?")
