"""The files of backups: compressed JSON lines, one record a line."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import SecretStr
from pydantic_core import to_jsonable_python

from starmodel import Entity
from starmodel.app.application import Application
from starmodel.core.errors import ConfigurationError

SUFFIX = ".jsonl.gz"


class Backups:
    """A folder of backups. Shapes: keep is the number of files, the newest ones."""

    def __init__(self, folder: Path, keep: int) -> None:
        self._folder, self._keep = folder, keep

    def newest_at(self) -> datetime | None:
        """When the newest backup was written; None without any."""
        times = [file.stat().st_mtime for file in self._folder.glob(f"*{SUFFIX}")]
        return datetime.fromtimestamp(max(times), UTC) if times else None

    async def write(self, application: Application) -> tuple[Path, dict[str, int]]:
        """Write the records of every entity to a new file, complete or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        name = datetime.now(UTC).strftime("%Y-%m-%dT%H-%M-%S-%f")
        file = self._folder / f"{name}{SUFFIX}"
        unfinished = file.with_suffix(".part")
        counts: Counter[str] = Counter()
        unfinished.touch(0o600, exist_ok=False)
        try:
            with gzip.open(unfinished, "wt", encoding="utf-8") as lines:
                for entity_type in application.registry:
                    if not entity_type.is_record:
                        continue
                    async for record in entity_type.cls.objects.stream():
                        line = {"entity": entity_type.name, "values": _values(record)}
                        lines.write(f"{json.dumps(line)}\n")
                        counts[entity_type.name] += 1
            unfinished.rename(file)
        finally:
            unfinished.unlink(missing_ok=True)
        for old in sorted(self._folder.glob(f"*{SUFFIX}"))[: -self._keep]:
            old.unlink()
        return file, dict(counts)

    async def restore(self, application: Application, file: Path) -> tuple[int, int]:
        """Create the records of a file that are missing; returns how many, and how many exist."""
        existing = 0
        unit = application.unit()
        created = 0
        for entity_type, values in _records(application, file):
            record: Entity = entity_type.cls.model_validate(values)
            if await unit.find(entity_type.cls, record.id) is not None:
                existing += 1
                continue
            unit.add(record)
            created += 1
        await unit.commit()
        return created, existing


def _values(record: Entity) -> dict[str, Any]:
    """All fields as JSON data, private and secret ones included."""
    fields = type(record).model_fields
    return {name: _json(getattr(record, name)) for name in fields}


def _json(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    return to_jsonable_python(value, bytes_mode="base64")


def _records(application: Application, file: Path) -> Iterator[tuple[Any, dict[str, Any]]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            try:
                data = json.loads(line)
                name, values = data["entity"], data["values"]
            except (ValueError, KeyError, TypeError) as error:
                raise ConfigurationError(f"{file}, line {number} is no record: {error}.") from error
            entity_type = application.registry.find(name)
            if entity_type is None:
                raise ConfigurationError(
                    f"{file}, line {number} is of the entity {name!r}, which this application "
                    "does not have. Restore it with the application that wrote it."
                )
            yield entity_type, values
