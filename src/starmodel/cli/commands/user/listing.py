"""`starmodel user list`: the accounts of an application."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from starmodel.cli.commands.user.accounts import summary, with_accounts
from starmodel.cli.terminal.options import AppOption, JsonOption
from starmodel.cli.terminal.output import print_json, table


def list_all(
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=10_000, help="The number of users at most.")
    ] = 1000,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """List the users by address.

    With --json: a list of {id, email, name, roles, disabled, verified}.
    """

    async def work(accounts: Any) -> Any:
        return await accounts.users.list(order="email", limit=limit)

    users = with_accounts(app, work)
    if as_json:
        print_json([summary(user) for user in users])
        return
    if not users:
        typer.echo("There are no users. Create one: starmodel user create ann@example.org")
        return
    rows = [(user.email, user.name, ", ".join(user.roles), _marks(user)) for user in users]
    typer.echo(table(("EMAIL", "NAME", "ROLES", "MARKS"), rows))


def _marks(user: Any) -> str:
    marks = {"disabled": user.disabled, "verified": user.verified}
    return ", ".join(mark for mark, is_set in marks.items() if is_set)
