"""Entities with access rules of single fields, and their visitors."""

from __future__ import annotations

from typing import Any

from integration.web.browser import Browser, unlisted
from starmodel import Entity, Field, event
from starmodel.access import owner, record, role

HR = role("hr")
SALARY, NOTE = 987_654, "wants a raise"
WORDS = ("salary", "Salary", str(SALARY), "98765")


class _Employee(Entity):
    id: str
    name: str = ""
    user_id: str = ""
    state: str = "open"
    salary: int = Field(default=0, ge=0, access=HR)
    note: str = Field(default="", access={"read": HR | owner("user_id"), "write": HR})
    grade: str = Field(default="a", access={"write": HR | (record.state == "open")})

    @event
    def rename(self, name: str) -> None:
        self.name = name

    @event
    def raise_by(self, percent: int) -> Any:
        self.salary += self.salary * percent // 100
        return {"employee": self}

    @event
    def give(self, user_id: str) -> None:
        self.user_id = user_id


ACCESS = {"access": "signed_in", "path": "/employees", "scope": "record"}


@unlisted
class MemoryEmployee(_Employee):
    model_config = {**ACCESS, "store": "memory"}


@unlisted
class SqlEmployee(_Employee):
    model_config = {**ACCESS, "store": "sql"}


async def hire(app: Any, cls: Any) -> None:
    """Two employees: ann, who has an account, and bob."""
    objects = app.starmodel.objects(cls)
    for name in ("ann", "bob"):
        await objects.create(id=name, name=name.title(), user_id=name, salary=SALARY, note=NOTE)


async def signed_in(visit: Any, app: Any, name: str, roles: str = "") -> Browser:
    browser: Browser = visit(app)
    await browser.page(f"/sign-in/{name}?roles={roles}")
    return browser
