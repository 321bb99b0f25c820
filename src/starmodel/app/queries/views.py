"""Lists under a name: those that a class declares, and those that people have saved."""

from __future__ import annotations

import hashlib
import logging
import re
import secrets
from collections.abc import Container, Sequence
from typing import NamedTuple
from urllib.parse import parse_qsl, urlencode

from starmodel.app.access.policy import Actor
from starmodel.app.ports.clock import Clock
from starmodel.app.ports.saved_views import SavedView, SavedViewStore
from starmodel.app.queries.listing import Listing, listing_of
from starmodel.core.classes.registry import EntityType
from starmodel.core.errors import (
    ConfigurationError,
    ListQueryError,
    RequestError,
    StoreUnavailableError,
)
from starmodel.texts.catalogue import Message

MAX_VIEWS = 50
"""The most views that one person saves for one class."""
MAX_NAME_CHARS = 60
MAX_QUESTION_CHARS = 2000
MAX_PARAMETERS = 100
_OF_PAGE = ("page", "per_page", "cursor")
log = logging.getLogger("starmodel")


class View(NamedTuple):
    """One list under a name. Shapes: id is "" for a declared one; question is a query string."""

    name: str
    question: str
    id: str = ""
    is_shown: bool = False


def question_of(listing: Listing) -> str:
    """The query string of a list, without its page."""
    return urlencode(listing.parameters(**dict.fromkeys(_OF_PAGE)))


def check_views(entity_type: EntityType) -> None:
    """Check the views that a class declares. Raises: ConfigurationError, naming the view."""
    for name, question in (entity_type.cls.model_config.get("views") or {}).items():
        where = f"{entity_type.cls.__name__}.model_config['views'][{name!r}]"
        if not 0 < len(name) <= MAX_NAME_CHARS:
            raise ConfigurationError(
                f"{where}: expected a name of 1 to {MAX_NAME_CHARS} characters."
            )
        try:
            _listing(entity_type, question)
        except RequestError as error:
            raise ConfigurationError(
                f"{where} is {question!r}; expected the query string of a list, such as "
                f"'status=open&order=-due'. {error}"
            ) from error


class SavedViews:
    """The views of signed-in people, by class."""

    def __init__(self, store: SavedViewStore, clock: Clock) -> None:
        self._store, self._clock = store, clock

    async def shown(
        self, listing: Listing, actor: Actor | None, hidden: Container[str]
    ) -> Sequence[View]:
        """The views of a list: the declared ones, then those of the actor; the shown one marked.

        A view by a field that the reader may not read is left out. Without the store the page
        shows the declared ones alone.
        """
        entity_type, own = listing.entity_type, list[SavedView]()
        if actor is not None:
            try:
                own = [*await self._store.of(_owner(actor), entity_type.name)]
            except StoreUnavailableError as error:
                log.warning("The saved views of %s are left out: %s", entity_type.name, error)
        declared = (entity_type.cls.model_config.get("views") or {}).items()
        views = [View(name, question) for name, question in declared]
        views += [View(each.name, each.question, each.id) for each in own[:MAX_VIEWS]]
        found, question = [], question_of(listing)
        for view in views:
            try:
                words = question_of(_listing(entity_type, view.question, hidden))
            except RequestError:  # a field that is hidden, or that an older version had
                if view.id:
                    found.append(view)
                continue
            found.append(view._replace(question=words, is_shown=words == question))
        return found

    async def save(
        self,
        entity_type: EntityType,
        actor: Actor,
        name: str,
        question: str,
        hidden: Container[str],
    ) -> View:
        """Save a list under a name. Raises: RequestError; ListQueryError, for no list."""
        name = _name(name)
        if len(question) > MAX_QUESTION_CHARS:
            raise RequestError(Message("view.too_long"), status=422)
        words = question_of(_listing(entity_type, question, hidden))
        owner = _owner(actor)
        if len(await self._store.of(owner, entity_type.name)) >= MAX_VIEWS:
            raise RequestError(Message("view.too_many", most=MAX_VIEWS), status=422)
        view = SavedView(secrets.token_hex(16), owner, entity_type.name, name, words, self._clock())
        await self._store.add(view)
        return View(name, words, view.id)

    async def rename(self, actor: Actor, id: str, name: str) -> None:
        """Rename a view of the actor. Raises: RequestError, for an invalid name."""
        await self._store.rename(_id(id), _owner(actor), _name(name))

    async def remove(self, actor: Actor, id: str) -> None:
        """Delete a view of the actor."""
        await self._store.remove(_id(id), _owner(actor))

    async def close(self) -> None:
        """Release the connections of the store."""
        await self._store.close()


def _listing(entity_type: EntityType, question: str, hidden: Container[str] = ()) -> Listing:
    if not isinstance(question, str):
        raise ListQueryError("It is no text.")
    try:
        pairs = parse_qsl(
            question, keep_blank_values=True, strict_parsing=bool(question),
            max_num_fields=MAX_PARAMETERS,
        )  # fmt: skip
    except ValueError as error:
        raise ListQueryError(f"It is no query string: {error}.") from error
    return listing_of(entity_type, dict(pairs), hidden=hidden)


def _name(text: str) -> str:
    name = " ".join(text.replace("\0", " ").split())  # no database takes a NUL in a text
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise RequestError(Message("view.name", most=MAX_NAME_CHARS), status=422)
    return name


_ID = re.compile(r"[0-9a-f]{32}")


def _id(text: str) -> str:
    return text if _ID.fullmatch(text) else ""


def _owner(actor: Actor) -> str:
    return hashlib.sha256(actor.id.encode("utf-8", "surrogatepass")).hexdigest()
