"""`starmodel user token create|list|revoke`: bearer tokens of programs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from starmodel.cli.commands.user.accounts import found, with_accounts
from starmodel.cli.commands.user.changing import EmailArgument
from starmodel.cli.terminal.errors import CommandError
from starmodel.cli.terminal.options import AppOption, JsonOption
from starmodel.cli.terminal.output import one_line, print_json, table

if TYPE_CHECKING:
    from starmodel.app.ports.credentials.tokens import TokenRecord

token = typer.Typer(help="Bearer tokens, by which programs act for a user.", no_args_is_help=True)


@token.command()
def create(
    email: EmailArgument,
    name: Annotated[str, typer.Option("--name", help="What it is for.", show_default=False)],
    grant: Annotated[
        list[str],
        typer.Option(
            "--grant", metavar="GRANT", show_default=False,
            help="What it may do, such as Product:read or Product:adjust. May be repeated.",
        ),
    ],
    days: Annotated[int, typer.Option("--days", min=1, max=366, help="Days of validity.")] = 90,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:  # fmt: skip
    """Create a token, and print it. It is shown only once.

    starmodel user token create ann@example.org --name backup --grant '*:read'

    With --json: {token}.
    """
    from pydantic import SecretStr

    from starmodel.app.credentials.tokens.texts import new_token

    text = new_token()

    async def work(accounts: Any) -> None:
        user = await found(accounts, email)
        action = user.do.create_token(name=name, grants=grant, days=days, secret=SecretStr(text))
        await accounts.run(action)

    with_accounts(app, work)
    if as_json:
        print_json({"token": text})
    else:
        typer.echo(text)


@token.command("list")
def list_tokens(email: EmailArgument, app: AppOption = None, as_json: JsonOption = False) -> None:
    """List the valid tokens of a user, the newest first.

    With --json: a list of {handle, name, grants, created_at, expires_at, used_at}.
    """

    async def work(accounts: Any) -> Any:
        return await accounts.tokens.list(str((await found(accounts, email)).id))

    records = with_accounts(app, work)
    if as_json:
        print_json([_summary(record) for record in records])
        return
    if not records:
        typer.echo(f"{one_line(email)} has no tokens.")
        return
    rows = [
        (
            record.handle, one_line(record.name), " ".join(record.grants),
            _date(record.expires_at), _date(record.used_at),
        )
        for record in records
    ]  # fmt: skip
    typer.echo(table(("HANDLE", "NAME", "GRANTS", "EXPIRES", "LAST USED"), rows))


@token.command()
def revoke(
    email: EmailArgument,
    handle: Annotated[str, typer.Argument(help="The handle that `list` prints.")],
    app: AppOption = None,
) -> None:
    """Revoke a token; it ends in all processes within a second."""

    async def work(accounts: Any) -> int:
        user = await found(accounts, email)
        known = {record.handle for record in await accounts.tokens.list(str(user.id))}
        if handle in known:
            await accounts.run(user.do.revoke_token(handle=handle))
        return handle in known

    if not with_accounts(app, work):
        raise CommandError(f"{one_line(email)} has no token {one_line(handle)}.")
    typer.echo(f"Revoked {handle}.")


def _summary(record: TokenRecord) -> dict[str, Any]:
    return {
        "handle": record.handle, "name": record.name, "grants": list(record.grants),
        "created_at": record.created_at, "expires_at": record.expires_at,
        "used_at": record.used_at,
    }  # fmt: skip


def _date(at: float | None) -> str:
    return "" if at is None else f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d}"
