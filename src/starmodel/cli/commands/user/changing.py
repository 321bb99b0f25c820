"""`starmodel user disable|enable|grant|revoke`: events of one account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import typer

from starmodel.cli.commands.user.accounts import found, summary, with_accounts
from starmodel.cli.terminal.options import AppOption, JsonOption
from starmodel.cli.terminal.output import print_json

EmailArgument = Annotated[str, typer.Argument(help="The e-mail address of the user.")]
RoleArgument = Annotated[str, typer.Argument(help="The name of the role.")]


def disable(email: EmailArgument, app: AppOption = None, as_json: JsonOption = False) -> None:
    """Refuse sign-ins of a user, and end every session within a second."""
    _change(app, email, lambda user: user.do.disable(), "Disabled {email}.", as_json)


def enable(email: EmailArgument, app: AppOption = None, as_json: JsonOption = False) -> None:
    """Let a disabled user sign in again."""
    _change(app, email, lambda user: user.do.enable(), "Enabled {email}.", as_json)


def grant(
    email: EmailArgument, role: RoleArgument, app: AppOption = None, as_json: JsonOption = False
) -> None:
    """Give a user a role, also where the user is signed in."""
    done = f"{{email}} has the role {role}."
    _change(app, email, lambda user: user.do.grant(role=role), done, as_json)


def revoke(
    email: EmailArgument, role: RoleArgument, app: AppOption = None, as_json: JsonOption = False
) -> None:
    """Take a role from a user, also where the user is signed in."""
    done = f"{{email}} has the role {role} no longer."
    _change(app, email, lambda user: user.do.revoke(role=role), done, as_json)


def _change(
    app: str | None, email: str, action: Callable[[Any], Any], done: str, as_json: bool
) -> None:
    """Run an event of the user with this address, and print what became of it."""

    async def work(accounts: Any) -> Any:
        user = await found(accounts, email)
        return (await accounts.run(action(user))).entity

    changed = with_accounts(app, work)
    if as_json:
        print_json(summary(changed))
    else:
        typer.echo(done.replace("{email}", changed.email))
