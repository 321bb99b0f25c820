"""`starmodel user create`: a new account, such as that of the first administrator."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from starmodel.cli.commands.user.accounts import summary, with_auth
from starmodel.cli.terminal.errors import UsageError, reporting_errors
from starmodel.cli.terminal.options import AppOption, JsonOption
from starmodel.cli.terminal.output import print_json

MAX_STDIN_CHARS = 5000


def create(
    email: Annotated[str, typer.Argument(help="The e-mail address, with which the user signs in.")],
    name: Annotated[
        str, typer.Option("--name", help="The name that others see.", show_default=False)
    ] = "",
    role: Annotated[
        list[str] | None,
        typer.Option("--role", metavar="NAME", help="A role, such as admin. May be repeated."),
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    without_password: Annotated[
        bool, typer.Option("--without-password", help="Create an account without a password.")
    ] = False,
    link: Annotated[
        bool,
        typer.Option("--link", help="Print a link where the user chooses the password, once."),
    ] = False,
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Create a user; a prompt on the terminal reads the password.

    starmodel user create ann@example.org --role admin

    With --json: {id, email, name, roles, disabled, verified}, and link with --link.
    """
    with reporting_errors():
        password = _password(from_stdin=password_stdin, none=without_password or link)

    async def work(plugin: Any) -> Any:
        accounts = plugin.accounts
        made = await accounts.create(email, name=name, password=password, roles=role or [])
        return made, await plugin.first_link(str(made.id)) if link else ""

    made, url = with_auth(app, work)
    if as_json:
        print_json({**summary(made), **({"link": url} if link else {})})
        return
    roles = f" with the roles {', '.join(made.roles)}" if made.roles else ""
    typer.echo(f"Created {made.email}{roles}.")
    if link:
        typer.echo(f"The password is chosen at {url}, once and within a day.")


def _password(*, from_stdin: bool, none: bool) -> str:
    """The password from standard input or the terminal. Raises: UsageError."""
    if from_stdin and none:
        raise UsageError("--password-stdin and --without-password contradict each other.")
    if none:
        return ""
    if from_stdin:
        text = sys.stdin.read(MAX_STDIN_CHARS).rstrip("\r\n")
        if not text:
            raise UsageError("Standard input is empty; expected the password.")
        return text
    if not sys.stdin.isatty():
        raise UsageError(
            "There is no terminal to ask for the password. Use --password-stdin, or "
            "--without-password."
        )
    return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
