"""Random edits of a model."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

from integration.migrations.random_edits.kinds import (
    CONVERSIONS,
    INDEXABLE,
    LOSSLESS,
    MEMBERS,
    PARTED,
    TYPES,
)
from integration.migrations.random_edits.models import EntitySpec, FieldSpec, Model

PART_KINDS = ("str", "int", "bool", "words")


class Editor:
    """Makes random edits.

    Names are used again only for what an earlier migration has removed, so that nothing is guessed.

    Shapes: may_refuse is True once an edit needs rows that the database may not have.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 0
        self.may_refuse = False
        self.before = Model()
        self._gone: list[str] = []

    def name(self, start: str) -> str:
        """A name that was never used."""
        self.number += 1
        return f"{start}{self.number}"

    def first(self) -> Model:
        return Model({self.name("e"): self._entity() for _ in range(2)})

    def edits(self, model: Model) -> Model:
        """One to three edits, which one migration makes."""
        self.before, self.may_refuse = model, False
        for _ in range(self.random.randint(1, 3)):
            made = None
            while made is None:
                made = self.random.choice(EDITS)(self, model)
            model = made
        return model

    def spec(self, name: str = "") -> FieldSpec:
        """A random field that refers to nothing."""
        kind = self.random.choice(sorted({*TYPES, *MEMBERS, *PARTED}))
        made = FieldSpec(
            name or self._field_name(),
            kind,
            optional=self.random.random() < 0.4,
            required=self.random.random() < 0.2,
            indexed=kind in INDEXABLE and self.random.random() < 0.3,
        )
        if kind in MEMBERS:
            return replace(made, members=tuple(self.name("M") for _ in range(3)))
        if kind in PARTED:
            return replace(made, parts=tuple(self._part() for _ in range(2)))
        return made

    def _field_name(self) -> str:
        """A new name, or that of a field which an earlier migration has dropped."""
        free = [name for name in self._gone if not _has_field(self.before, name)]
        if free and self.random.random() < 0.3:
            name = self.random.choice(free)
            self._gone.remove(name)
            return name
        return self.name("f")

    def _part(self, required: bool | None = None) -> tuple[str, str, bool]:
        is_required = self.random.random() < 0.5 if required is None else required
        return self.name("p"), self.random.choice(PART_KINDS), is_required

    def _entity(self) -> EntitySpec:
        fields = {self.name("k"): self.spec() for _ in range(3)}
        key = self.random.choice(["str", "str", "int", "uuid"])
        return EntitySpec(self.name("Thing"), key, fields, self.random.random() < 0.2)

    def pick(self, model: Model) -> tuple[str, EntitySpec]:
        key = self.random.choice(list(model.entities))
        return key, model.entities[key]

    def pick_field(
        self, model: Model, fits: Callable[[FieldSpec], bool] = lambda spec: True
    ) -> tuple[str, str, FieldSpec] | None:
        """A field that fits, with the keys of its entity and its own."""
        found = [
            (key, own, spec)
            for key, entity in model.entities.items()
            for own, spec in entity.fields.items()
            if fits(spec)
        ]
        return self.random.choice(found) if found else None

    def changed(self, model: Model, key: str, own: str, **values: object) -> Model:
        """The model with other values in one field."""
        fields = dict(model.entities[key].fields)
        fields[own] = replace(fields[own], **values)  # type: ignore[arg-type]
        return model.with_fields(key, fields)

    def add_field(self, model: Model) -> Model | None:
        key, entity = self.pick(model)
        return model.with_fields(key, {**entity.fields, self.name("k"): self.spec()})

    def drop_field(self, model: Model) -> Model | None:
        found = self.pick_field(model)
        if found is None:
            return None
        key, own, spec = found
        entity = model.entities[key]
        if len(entity.fields) < 2 or own in entity.key_fields:
            return None
        self._gone.append(spec.name)
        left = {each: field for each, field in entity.fields.items() if each != own}
        return model.with_fields(key, left)

    def rename_field(self, model: Model) -> Model | None:
        found = self.pick_field(model)
        return found and self.changed(model, found[0], found[1], name=self.name("f"))

    def toggle_optional(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: not spec.refers)
        if found is None or found[1] in model.entities[found[0]].key_fields:
            return None
        return self.changed(model, found[0], found[1], optional=not found[2].optional)

    def toggle_index(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: spec.kind in INDEXABLE)
        return found and self.changed(model, found[0], found[1], indexed=not found[2].indexed)

    def toggle_unique(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: spec.kind in ("short", "int"))
        self.may_refuse = self.may_refuse or found is not None
        return found and self.changed(model, found[0], found[1], unique=not found[2].unique)

    def change_default(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: not spec.refers)
        return found and self.changed(model, found[0], found[1], required=not found[2].required)

    def retype(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: not spec.refers and not spec.unique)
        if found is None or found[1] in model.entities[found[0]].key_fields:
            return None
        key, own, spec = found
        kinds = [to for old, to in CONVERSIONS if old == spec.kind]
        earlier = self.before.entities.get(key, EntitySpec("")).fields.get(own)
        if not kinds or earlier != spec or self._is_indexed(model.entities[key], own):
            return None
        kind = self.random.choice(kinds)
        if (spec.kind, kind) not in LOSSLESS:
            self.may_refuse = True
        members = spec.members if spec.kind == "literal" else ("M1", "M2")
        return self.changed(
            model, key, own, kind=kind, members=members if kind in MEMBERS else (),
            indexed=spec.indexed and kind in INDEXABLE,
        )  # fmt: skip

    def _is_indexed(self, entity: EntitySpec, own: str) -> bool:
        return any(own in keys for keys in (*entity.indexes.values(), *entity.uniques.values()))

    def add_member(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: spec.kind in MEMBERS)
        if found is None:
            return None
        return self.changed(model, found[0], found[1], members=(*found[2].members, self.name("M")))

    def drop_member(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: len(spec.members) > 1)
        return found and self.changed(model, found[0], found[1], members=found[2].members[1:])

    def add_part(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: spec.kind in PARTED)
        if found is None:
            return None
        return self.changed(model, found[0], found[1], parts=(*found[2].parts, self._part()))

    def drop_part(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: len(spec.parts) > 1)
        return found and self.changed(model, found[0], found[1], parts=found[2].parts[1:])

    def add_entity(self, model: Model) -> Model | None:
        return model.with_entity(self.name("e"), self._entity())

    def drop_entity(self, model: Model) -> Model | None:
        """Remove an entity; fields that referred to it stay, without their foreign keys."""
        if len(model.entities) < 2:
            return None
        gone, _ = self.pick(model)
        for key, entity in model.entities.items():
            fields = {
                own: replace(spec, refers="", on_delete="") if spec.refers == gone else spec
                for own, spec in entity.fields.items()
            }
            model = model.with_fields(key, fields)
        return Model({key: each for key, each in model.entities.items() if key != gone})

    def rename_entity(self, model: Model) -> Model | None:
        key, entity = self.pick(model)
        return model.with_entity(key, replace(entity, name=self.name("Thing")))

    def refer(self, model: Model) -> Model | None:
        key, entity = self.pick(model)
        target, _ = self.pick(model)
        added = self._reference(model, target, optional=True)
        return model.with_fields(key, {**entity.fields, self.name("k"): added})

    def _reference(self, model: Model, target: str, *, optional: bool) -> FieldSpec:
        on_delete = self.random.choice(["", "CASCADE", *(["SET NULL"] if optional else [])])
        return FieldSpec(
            self.name("f"), model.entities[target].key, optional, not optional,
            refers=target, on_delete=on_delete,
        )  # fmt: skip

    def change_reference(self, model: Model) -> Model | None:
        found = self.pick_field(model, lambda spec: bool(spec.refers))
        if found is None:
            return None
        on_delete = "" if found[2].on_delete else "CASCADE"
        refers = "" if self.random.random() < 0.3 else found[2].refers
        return self.changed(
            model, found[0], found[1], refers=refers, on_delete=on_delete if refers else ""
        )

    def link(self, model: Model) -> Model | None:
        """Add a link class, whose two keys are its primary key, unique together, or neither."""
        keys = self.name("k"), self.name("k")
        fields = {own: self._reference(model, self.pick(model)[0], optional=False) for own in keys}
        entity = EntitySpec(self.name("Link"), fields=fields)
        how = self.random.choice(["primary", "unique", "plain"])
        if how == "primary":
            entity = replace(entity, key_fields=keys)
        elif how == "unique":
            entity = replace(entity, uniques={self.name("uq"): keys})
        return model.with_entity(self.name("e"), entity)

    def composite(self, model: Model) -> Model | None:
        """Add or remove an index or a unique constraint over two fields."""
        key, entity = self.pick(model)
        which = self.random.choice(["indexes", "uniques"])
        present = dict(getattr(entity, which))
        if present and self.random.random() < 0.5:
            present.pop(self.random.choice(list(present)))
        else:
            fitting = [own for own, spec in entity.fields.items() if spec.kind in INDEXABLE]
            if len(fitting) < 2:
                return None
            present[self.name("ix")] = tuple(self.random.sample(fitting, 2))
            self.may_refuse = self.may_refuse or which == "uniques"
        return model.with_entity(key, replace(entity, **{which: present}))

    def change_table(self, model: Model) -> Model | None:
        key, entity = self.pick(model)
        if self.random.random() < 0.5:
            return model.with_entity(key, replace(entity, expires=not entity.expires))
        return model.with_entity(key, replace(entity, comment=self.name("It's 100 % ")))


def _has_field(model: Model, name: str) -> bool:
    return any(
        spec.name == name for entity in model.entities.values() for spec in entity.fields.values()
    )


EDITS: tuple[Callable[[Editor, Model], Model | None], ...] = (
    Editor.add_field, Editor.add_field, Editor.add_field, Editor.drop_field, Editor.drop_field,
    Editor.rename_field, Editor.rename_field, Editor.toggle_optional, Editor.toggle_optional,
    Editor.toggle_index, Editor.toggle_unique, Editor.change_default, Editor.retype,
    Editor.retype, Editor.retype, Editor.add_member, Editor.drop_member, Editor.add_part,
    Editor.add_part, Editor.drop_part, Editor.add_entity, Editor.drop_entity,
    Editor.rename_entity, Editor.refer, Editor.refer, Editor.change_reference, Editor.link,
    Editor.composite, Editor.change_table,
)  # fmt: skip
