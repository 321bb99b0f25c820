"""Runs a code block of the docs as a reader does: in a folder, as a file, behind a server."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
import types
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

from documentation.blocks import Block
from integration.web.browser import Browser
from starmodel import Actor, Session

PYTEST = (sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio",
          "-W", "error")  # fmt: skip


async def run_python(block: Block, before: Sequence[Block], folder: Path) -> None:
    """Run the block, then its check, among the files that earlier blocks of its page name.

    What is titled `test_….py` is run by pytest. In a check, `visit()` is a new visitor of the
    block's `app`, `await signed_in("ann", roles=…, **claims)` one who is signed in, and
    `await statuses(visitor, "GET /a", …)` has the status of each JSON request. Names of the
    block can be used.
    """
    for earlier in before:
        if earlier.title and earlier.title != block.title:
            write(folder, earlier)
    if block.title:
        write(folder, block)
    name = Path(block.title).name
    if name.startswith("test_"):
        run_tests(block.title, folder)
        return
    module = types.ModuleType(block.title.removesuffix(".py").replace("/", ".") or "documented")
    sys.modules[module.__name__] = module
    exec(compile(block.code, f"{block.page}:{block.line}", "exec"), module.__dict__)
    for name, value in list(vars(module).items()):
        if name.startswith("test_"):
            value()
    async with served(vars(module).get("app")) as visit:
        if block.check:
            flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
            code = compile(block.check, f"{block.page}:{block.line} (check)", "exec", flags=flags)
            names = {"visit": visit, "signed_in": partial(signed_in, visit), "statuses": statuses}
            result = eval(code, module.__dict__ | names)
            if inspect.isawaitable(result):
                await result


async def signed_in(visit: Any, id: str, *, roles: Sequence[str] = (), **claims: Any) -> Browser:
    """A visitor of the application with this actor, by a route that is added for it."""
    browser: Browser = visit()

    def enter(session: Session) -> str:
        session.sign_in(Actor(id, roles=frozenset(roles), claims=claims))
        return id

    path = f"/enter/{uuid.uuid4().hex}"
    browser.app.get(path)(enter)
    assert (await browser.page(path)).status_code == 200
    return browser


async def statuses(visitor: Browser, *requests: str | tuple[str, Any]) -> list[int]:
    """The statuses of requests such as "GET /notes/a" or ("PATCH /notes/a", {…}), in order."""
    found = []
    for request in requests:
        line, data = (request, None) if isinstance(request, str) else request
        method, _, path = line.partition(" ")
        found.append((await visitor.call(method, path, data)).status_code)
    return found


def run_tests(title: str, folder: Path) -> None:
    """Run a test file in a separate pytest process, which may leave no database."""
    ran = subprocess.run([*PYTEST, title], cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert not list(folder.glob("*.db")), "a test wrote a database"


def write(folder: Path, block: Block) -> None:
    """Write the block to the path in its title; parent folders become packages."""
    file = folder / block.title
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(block.code, encoding="utf-8")


@asynccontextmanager
async def served(app: Any) -> AsyncIterator[Any]:
    """Start the block's application, if any; yields a factory of its visitors."""
    async with AsyncExitStack() as open_things:
        if hasattr(app, "starmodel"):
            await open_things.enter_async_context(app.router.lifespan_context(app))

        def visit(other: Any = None) -> Browser:
            browser = Browser(app if other is None else other)
            open_things.push_async_callback(browser.aclose)
            return browser

        yield visit
