"""What the deletion of records changes elsewhere, counted by the rules of the foreign keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from starmodel.app.access.decisions import permits
from starmodel.app.access.policy import AccessPolicy, Actor
from starmodel.app.application import Application
from starmodel.app.ports.query import Filter, Query
from starmodel.app.queries.listing import Listing
from starmodel.core.classes.foreign_keys import ForeignKey
from starmodel.core.classes.registry import EntityType
from starmodel.core.classes.relations import referring
from starmodel.core.entity import Entity
from starmodel.core.errors import AccessDeniedError, AccessScanLimitError, ListQueryError

MAX_COUNTED = 10_000
MAX_FOLLOWED = 1000
MAX_DEPTH = 5
Rule = Literal["CASCADE", "SET NULL", "RESTRICT"]
_RULES: tuple[Rule, ...] = ("CASCADE", "SET NULL", "RESTRICT")


@dataclass(slots=True)
class Effect:
    """The records of one class that a deletion deletes, changes, or that prevent it.

    Shapes: count is of those that the actor may read; has_others is True when there are further
    ones that the actor may not read; more is True when the count is a lower bound; reference is
    the field and the id by which the list of the class shows them, None without such a filter.
    """

    entity_type: EntityType
    rule: Rule
    count: int = 0
    has_others: bool = False
    more: bool = False
    reference: tuple[str, Any] | None = None


class DeleteEffects:
    """Counts by one query for each foreign key and level of a cascade; loads only what cascades on.

    Units: a cascade is followed for MAX_DEPTH levels, and through at most MAX_FOLLOWED records of
    each; what lies beyond makes `Effect.more` True.
    """

    def __init__(self, application: Application) -> None:
        self._application = application
        self._references: dict[type[Entity], list[tuple[type[Entity], ForeignKey, Rule]]] = {}
        for target, keys in referring(t.cls for t in application.registry).items():
            found = [(cls, key, self._rule(target, cls, key)) for cls, key in keys]
            self._references[target] = [(c, key, rule) for c, key, rule in found if rule]

    def _rule(self, target: type[Entity], cls: type[Entity], key: ForeignKey) -> Any:
        """The rule of a key; a database refuses to break one without a rule."""
        if key.rule in _RULES:
            return key.rule
        persistence = self._application.persistence
        store = persistence.for_class(cls)
        is_enforced = store.transactional and store is persistence.for_class(target)
        return "RESTRICT" if is_enforced and key.rule in ("", "NO ACTION") else None

    async def of(
        self, roots: Sequence[Entity], actor: Actor | None, policy: AccessPolicy
    ) -> list[Effect]:
        """The effects of deleting these records of one class: cascades first, obstacles last."""
        search = _Search(self._application, self._references, actor, policy)
        await search.run(roots)
        order = {rule: number for number, rule in enumerate(_RULES)}
        found = [e for e in search.effects.values() if e.count or e.has_others]
        return sorted(found, key=lambda effect: order[effect.rule])


class _Search:
    """One walk along the foreign keys."""

    def __init__(
        self,
        application: Application,
        references: dict[type[Entity], list[tuple[type[Entity], ForeignKey, Rule]]],
        actor: Actor | None,
        policy: AccessPolicy,
    ) -> None:
        self._application, self._references = application, references
        self._actor, self._policy = actor, policy
        self.effects: dict[tuple[type[Entity], Rule], Effect] = {}
        self._deleted: dict[type[Entity], set[Any]] = {}
        self._shared: set[type[Entity]] = set()

    async def run(self, roots: Sequence[Entity]) -> None:
        cls: Any = roots[0].__entity__.cls
        self._shared = self._classes_on_several_ways(cls)
        self._deleted[cls] = {each.id for each in roots}
        level, held = {cls: list(roots)}, list[tuple[type[Entity], ForeignKey, Rule, list[Any]]]()
        for depth in range(MAX_DEPTH):
            following: dict[type[Entity], list[Entity]] = {}
            for parent, gone in level.items():
                for child, key, rule in self._references.get(parent, ()):
                    values = list({getattr(each, key.column) for each in gone} - {None})
                    if rule == "CASCADE":
                        await self._cascade(
                            child, key, values, following, is_last=depth == MAX_DEPTH - 1
                        )
                    else:
                        held.append((child, key, rule, values))
            level = following
            if not level:
                break
        for child, key, rule, values in held:  # without those that are deleted as well
            await self._count(child, key, rule, values)

    async def _cascade(
        self,
        child: type[Entity],
        key: ForeignKey,
        values: list[Any],
        following: dict[type[Entity], list[Entity]],
        *,
        is_last: bool,
    ) -> None:
        rows: list[Entity] = []
        goes_on = child in self._references
        if goes_on or child in self._shared:
            rows = await self._rows(child, key, values)
        effect = await self._count(child, key, "CASCADE", values, rows)
        if not rows:
            return
        known = self._deleted.setdefault(child, set())
        new = [row for row in rows[:MAX_FOLLOWED] if row.id not in known]
        known.update(row.id for row in new)
        if goes_on and (is_last or len(rows) > MAX_FOLLOWED):
            self._mark_below(child)
            effect.more = effect.more or is_last
        if goes_on and not is_last:
            following.setdefault(child, []).extend(new)

    def _mark_below(self, cls: type[Entity]) -> None:
        """Note that the counts of what refers to the class are incomplete."""
        for child, _, rule in self._references.get(cls, ()):
            self._effect(child, rule).more = True

    async def _rows(self, child: type[Entity], key: ForeignKey, values: list[Any]) -> list[Entity]:
        repository = self._application.persistence.for_class(child)
        wanted = Filter(key.field, "in", values)
        return await repository.list(Query(child, (wanted,), limit=MAX_FOLLOWED + 1))

    async def _count(
        self,
        child: type[Entity],
        key: ForeignKey,
        rule: Rule,
        values: list[Any],
        rows: list[Entity] | None = None,
    ) -> Effect:
        """Add the records of the class that refer to these values to their effect."""
        effect, persistence = self._effect(child, rule), self._application.persistence
        if not values:
            return effect
        wanted: tuple[Filter, ...] = (Filter(key.field, "in", values),)
        deleted = self._deleted.get(child)
        if deleted and child in self._shared:
            wanted += (Filter("id", "not_in", list(deleted)[:MAX_FOLLOWED]),)
        query = Query(child, wanted)
        total = await persistence.for_class(child).count(query)
        if not total:
            return effect
        is_private = key.field in child.__entity__.private
        readable = 0 if is_private else await self._readable(effect.entity_type, query, total)
        effect.count += readable
        effect.has_others = effect.has_others or readable < total
        if effect.reference is None and len(values) == 1 and key.column == "id" and not is_private:
            effect.reference = key.field, values[0]
        if effect.count > MAX_COUNTED:
            effect.count, effect.more = MAX_COUNTED, True
        return effect

    async def _readable(self, entity_type: EntityType, query: Query, total: int) -> int:
        """How many of the records the actor may read; 0 where that takes too long to decide."""
        application, policy = self._application, self._policy
        if not (policy.reads_fields(entity_type) or entity_type.cls.__entity__.guarded):
            return total if await permits(policy, entity_type, self._actor) else 0
        listing = Listing(entity_type, query, 1, 1, "", "", {})
        try:
            window = await application.window(listing, self._actor, total=True, policy=policy)
        except (AccessDeniedError, AccessScanLimitError, ListQueryError):
            return 0
        return window.total or 0

    def _effect(self, child: type[Entity], rule: Rule) -> Effect:
        try:
            return self.effects[child, rule]
        except KeyError:
            made = self.effects[child, rule] = Effect(self._application.registry[child], rule)
            return made

    def _classes_on_several_ways(self, root: type[Entity]) -> set[type[Entity]]:
        """The classes that several foreign keys lead to, so that a record may be met twice."""
        ways: dict[type[Entity], int] = {root: 1}
        open_, seen = [root], {root}
        while open_:
            for child, _, rule in self._references.get(open_.pop(), ()):
                ways[child] = ways.get(child, 0) + 1
                if rule == "CASCADE" and child not in seen:
                    seen.add(child)
                    open_.append(child)
        return {cls for cls, number in ways.items() if number > 1}
