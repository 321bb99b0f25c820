"""A third-party command: `starmodel stock count` and `starmodel stock export`."""

import asyncio
import json
from typing import Annotated

import typer

from starmodel.cli.events.lookup import find_entity
from starmodel.cli.serving.loading import load_application, open_stores
from starmodel.cli.terminal.errors import reporting_errors
from starmodel.cli.terminal.options import AppOption
from starmodel.core.public_state import public_state

stock = typer.Typer(help="Count and export what an application stores.", no_args_is_help=True)
EntityName = Annotated[str, typer.Argument(metavar="ENTITY", help="The entity's class name.")]


@stock.command()
def count(entity: EntityName, app: AppOption = None) -> None:
    """Print how many records there are."""
    with reporting_errors():
        typer.echo(asyncio.run(_count(entity, app)))


@stock.command()
def export(entity: EntityName, app: AppOption = None) -> None:
    """Print the public fields of every record, one JSON object a line."""
    with reporting_errors():
        for state in asyncio.run(_states(entity, app)):
            typer.echo(json.dumps(state, default=str))


async def _count(entity: str, app: str | None) -> int:
    async with open_stores(load_application(app)) as application:
        cls = find_entity(application, entity).cls
        return await cls.objects.count()


async def _states(entity: str, app: str | None) -> list[dict]:
    async with open_stores(load_application(app)) as application:
        cls = find_entity(application, entity).cls
        return [public_state(record) for record in await cls.objects.list()]
