"""FastSQLModel's methods on entities, subject to versions, access policies and events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from starmodel.core.current_app import host_of
from starmodel.core.definition.hooks import ClassHooks
from starmodel.core.fields.field import FieldOptions, options_of

_MODULE = "FastSQLModel.db"


async def _dispatch(cls: Any, action: Any) -> Any:
    host: Any = host_of(cls)
    return await host.dispatch(action)


async def _listed(cls: Any, order: str | None, direction: str, **filters: Any) -> list[Any]:
    as_dict, fields = filters.pop("as_dict"), filters.pop("fields")
    sign = "-" if direction.lower() == "desc" else ""
    found = await cls.objects.list(order=f"{sign}{order}" if order else "", **filters)
    if not (as_dict or fields):
        return list(found)
    return [e.model_dump(include=set(fields) if fields else None) for e in found]


async def _all(cls: Any) -> list[Any]:
    """Return every record."""
    return list(await cls.objects.list())


async def _total_records(cls: Any) -> int:
    """Count the records."""
    return int(await cls.objects.count())


async def _search(
    cls: Any,
    search_value: str | None = None,
    sorting_field: str | None = None,
    sort_direction: str = "asc",
    limit: int | None = None,
    offset: int | None = None,
    as_dict: bool = False,
    fields: list[str] | None = None,
) -> list[Any]:
    """Return the records whose texts contain the value, as `objects.list(search=…)` does."""
    return await _listed(
        cls, sorting_field, sort_direction, search=search_value or "", limit=limit,
        offset=offset or 0, as_dict=as_dict, fields=fields,
    )  # fmt: skip


async def _filter(
    cls: Any,
    sorting_field: str | None = None,
    sort_direction: str = "asc",
    limit: int | None = None,
    offset: int | None = None,
    as_dict: bool = False,
    fields: list[str] | None = None,
    exact_match: bool = True,
    **values: Any,
) -> list[Any]:
    """Return the records with these values, as `objects.list(…)` does."""
    filters = {
        name if exact_match or not isinstance(value, str) else f"{name}__contains": value
        for name, value in values.items()
    }
    return await _listed(
        cls, sorting_field, sort_direction, limit=limit, offset=offset or 0,
        as_dict=as_dict, fields=fields, **filters,
    )  # fmt: skip


async def _update_record(cls: Any, id: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Change a record by its `update` event."""
    entity = await cls.objects.get(id)
    outcome = await _dispatch(cls, entity.do.update(**data))
    return dict(outcome.entity.model_dump())


async def _delete_record(cls: Any, id: Any) -> None:
    """Remove a record by its `delete` event."""
    entity = await cls.objects.find(id)
    if entity is not None:
        await _dispatch(cls, entity.do.delete())


async def _upsert(cls: Any, data: dict[str, Any]) -> Any:
    """Update the record with this id, or create it."""
    if "id" in data and await cls.objects.find(data["id"]) is not None:
        values = {name: value for name, value in data.items() if name not in ("id", "created_at")}
        await _update_record(cls, data["id"], values)
        return await cls.objects.get(data["id"])
    return await cls.objects.create(**data)


async def _delete(self: Any) -> None:
    """Remove this record by its `delete` event."""
    await _delete_record(type(self), self.id)


async def _inserted(self: Any) -> bool:
    """True when this record is stored."""
    return await type(self).objects.find(self.id) is not None


_CLASS_METHODS: dict[str, Any] = {
    "all": _all, "total_records": _total_records, "search": _search, "filter": _filter,
    "update_record": _update_record, "delete_record": _delete_record, "upsert": _upsert,
}  # fmt: skip
_RECORD_METHODS: dict[str, Any] = {"delete": _delete, "inserted": _inserted}


class FastHooks(ClassHooks):
    """Hooks of `class P(Entity, BaseTable, table=True)` with FastSQLModel's `BaseTable`."""

    def fields_collected(self, cls: type[Any]) -> None:
        """Replace the methods inherited from FastSQLModel; the replacements are async.

        `created_at` and `updated_at` are set by commits, not by forms.
        """
        ours = {
            name: classmethod(method) for name, method in _CLASS_METHODS.items()
        } | _RECORD_METHODS
        for name, method in ours.items():
            if _inherits(cls, name):
                type.__setattr__(cls, name, method)
        type.__setattr__(cls, "__updated_at_field__", "updated_at")
        for name in ("created_at", "updated_at"):
            info = cls.__pydantic_fields__[name]
            if options_of(info).editable is None:
                others = [item for item in info.metadata if not isinstance(item, FieldOptions)]
                info.metadata = [*others, replace(options_of(info), editable=False)]


def _inherits(cls: type[Any], name: str) -> bool:
    """True when the name resolves to FastSQLModel's method, not to one that the user defined."""
    owner = next((base for base in cls.__mro__ if name in vars(base)), None)
    return owner is not None and owner.__module__ == _MODULE
