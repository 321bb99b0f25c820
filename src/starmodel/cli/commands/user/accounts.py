"""The accounts of the application that a command names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from starmodel.cli.terminal.errors import CommandError, reporting_errors
from starmodel.cli.terminal.output import one_line
from starmodel.core.errors import StarModelError

T = TypeVar("T")
Work = Callable[[Any], Awaitable[T]]


def with_accounts(target: str | None, work: Work[T]) -> T:
    """Run the function with the accounts of the application; see `with_auth`."""
    return with_auth(target, lambda plugin: work(plugin.accounts))


def with_auth(target: str | None, work: Work[T]) -> T:
    """Run the function with the plugin `auth` of the application, while its stores are open.

    Errors are printed and end the command.
    """
    import asyncio

    from starmodel.cli.serving.loading import load_application, open_stores

    with reporting_errors():
        application = load_application(target)
        plugin = next(
            (made.plugin for made in application.plugins.loaded if made.plugin.name == "auth"), None
        )
        if plugin is None:
            raise CommandError(
                "This application has no users. Pass auth=True to create_app(), or add 'auth' to "
                "plugins_enabled."
            )

        async def run() -> T:
            async with open_stores(application):
                return await work(plugin)

        with _reporting_refusals():
            return asyncio.run(run())


async def found(accounts: Any, email: str) -> Any:
    """The user with this address. Raises: CommandError, for an unknown one."""
    user = await accounts.find(email)
    if user is None:
        raise CommandError(
            f"There is no user {one_line(email)}. `starmodel user list` names all of them."
        )
    return user


def summary(user: Any) -> dict[str, Any]:
    """A user as data, for programs."""
    return {
        "id": str(user.id), "email": user.email, "name": user.name, "roles": list(user.roles),
        "disabled": user.disabled, "verified": user.verified,
    }  # fmt: skip


@contextmanager
def _reporting_refusals() -> Iterator[None]:
    """Convert refusals of events into errors of the command."""
    from pydantic import ValidationError

    from starmodel.core.values.validation_messages import sentence

    try:
        yield
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise CommandError(f"{'.'.join(map(str, first['loc']))}: {sentence(first)}") from None
    except StarModelError as error:
        fields = getattr(error, "fields", {})
        text = "; ".join(f"{name}: {why}" for name, why in fields.items()) or str(error)
        raise CommandError(text) from None
