"""`starmodel user`: the accounts of an application with the plugin `auth`."""

from __future__ import annotations

import typer

from starmodel.cli.commands.user.changing import disable, enable, grant, revoke
from starmodel.cli.commands.user.creating import create
from starmodel.cli.commands.user.listing import list_all
from starmodel.cli.commands.user.tokens import token

user = typer.Typer(help="The users of an application.", no_args_is_help=True)
user.command()(create)
user.command("list")(list_all)
user.command()(disable)
user.command()(enable)
user.command()(grant)
user.command()(revoke)
user.add_typer(token, name="token")
