"""`starmodel redis`: the records of an application in Redis."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from starmodel.cli.terminal.errors import CommandError, UsageError, fail, reporting_errors
from starmodel.cli.terminal.options import AppOption, JsonOption

if TYPE_CHECKING:
    from starmodel.adapters.persistence.redis.records import Records
    from starmodel.adapters.persistence.redis.repository import RedisRepository
    from starmodel.app.application import Application

T = TypeVar("T")
redis = typer.Typer(help="The records of an application in Redis.", no_args_is_help=True)


@redis.callback()
def _group() -> None:
    """The records of an application in Redis."""


@redis.command()
def stats(app: AppOption = None, as_json: JsonOption = False) -> None:
    """Count the records of each class in Redis, and estimate their memory.

    With --json: {server, persistence, eviction, classes: [{name, records, expiring, nbytes,
    index_bytes, ttl_s}]}.
    """
    from starmodel.adapters.persistence.redis.upkeep import facts_of, statistics
    from starmodel.cli.terminal.output import print_json, table

    async def read(application: Application, store: RedisRepository) -> Any:
        return await facts_of(store), await statistics(store)

    facts, found = _with_store(app, read)
    if as_json:
        classes = [each._asdict() for each in found]
        print_json({
            "server": facts.title, "persistence": facts.persistence,
            "eviction": facts.eviction_policy, "classes": classes,
        })  # fmt: skip
        return
    typer.echo(f"{facts.title}, {facts.persistence}, maxmemory-policy {facts.eviction_policy}")
    rows = [
        (each.name, each.records, each.expiring, _size(each.nbytes), _size(each.index_bytes))
        for each in found
    ]
    typer.echo(table(("ENTITY", "RECORDS", "WITH TTL", "MEMORY", "INDEX"), rows))


@redis.command()
def inspect(
    entity: Annotated[str, typer.Argument(help="The name of the class.", show_default=False)],
    id: Annotated[str, typer.Argument(help="The id of the record.", show_default=False)],
    app: AppOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one record as it is stored. Private fields are masked.

    With --json: {key, version, expires_at, nbytes, indexed, fields}.
    """
    from starmodel.adapters.persistence.redis.upkeep import inspected
    from starmodel.cli.terminal.output import print_json

    async def read(application: Application, store: RedisRepository) -> Any:
        from starmodel.core.fields.types import field_adapter

        records = _records(store, entity)
        try:
            adapter = field_adapter(records.cls, "id", several=False)
            known = adapter.validate_python(id, strict=False)
        except ValueError:  # no record has such an id
            return None
        return await inspected(store, records, known)

    found = _with_store(app, read)
    if found is None:
        fail(CommandError(f"There is no {entity} with the id {id!r} in Redis."))
    document = found._asdict()
    if as_json:
        print_json(document)
        return
    for name in ("key", "version", "expires_at", "nbytes"):
        typer.echo(f"{name}: {document[name]}")
    for name, value in found.fields.items():
        typer.echo(f"  {name} = {value!r}")


@redis.command()
def flush(
    entity: Annotated[
        str | None, typer.Argument(help="The class; without it: all of them.", show_default=False)
    ] = None,
    app: AppOption = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    production: Annotated[
        bool, typer.Option("--production", help="Also where the setting env is production.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Delete the records of this application in Redis, and nothing else there.

    Open pages show them until they are loaded again.

    With --json, which needs --yes: {removed: {name: number}}.
    """
    from starmodel.adapters.persistence.redis.upkeep import flush as flush_class
    from starmodel.adapters.persistence.redis.upkeep import statistics
    from starmodel.cli.terminal.output import print_json

    if as_json and not yes:
        fail(UsageError("--json can't ask. Add --yes."))

    async def count(application: Application, store: RedisRepository) -> dict[str, int]:
        if application.settings.env == "production" and not production:
            raise UsageError(
                "This application is in production. Add --production to delete its records."
            )
        if entity is not None:
            _records(store, entity)
        return {s.name: s.records for s in await statistics(store) if entity in (None, s.name)}

    async def remove(application: Application, store: RedisRepository) -> dict[str, int]:
        return {name: await flush_class(store, _records(store, name)) for name in found}

    found = _with_store(app, count)
    if not yes:
        listed = ", ".join(f"{number} {name}" for name, number in found.items())
        typer.confirm(f"Delete {listed} in Redis?", abort=True)
    removed = _with_store(app, remove)
    if as_json:
        print_json({"removed": removed})
    else:
        typer.echo("Deleted " + ", ".join(f"{number} {name}" for name, number in removed.items()))


def _with_store(
    target: str | None, work: Callable[[Application, RedisRepository], Awaitable[T]]
) -> T:
    """Run the function with the Redis store of an application, while its stores are open."""
    import asyncio

    from starmodel.cli.serving.loading import load_application, open_stores
    from starmodel.core.errors import StarModelError

    with reporting_errors():
        application = load_application(target)
        classes = [each.cls for each in application.registry if each.store == "redis"]
        if not classes:
            raise CommandError(
                "This application has no entity in Redis. Give a class the option "
                "model_config = {'store': 'redis'}."
            )

        async def run() -> T:
            async with open_stores(application):
                store: Any = application.persistence.for_class(classes[0])
                return await work(application, store)

        try:
            return asyncio.run(run())
        except StarModelError as error:
            raise CommandError(str(error)) from error


def _records(store: RedisRepository, name: str) -> Records:
    from starmodel.cli.terminal.suggestions import did_you_mean

    by_name = {each.name: each for each in store.store.records.values()}
    if name not in by_name:
        raise UsageError(
            f"There is no entity {name!r} in Redis; there are {', '.join(sorted(by_name))}."
            f"{did_you_mean(name, by_name)}"
        )
    return by_name[name]


def _size(nbytes: int) -> str:
    """
    >>> _size(500), _size(2_500_000)
    ('500 B', '2.5 MB')
    """
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if nbytes >= factor:
            return f"{nbytes / factor:.1f} {unit}"
    return f"{nbytes} B"
