"""The signed tokens that authorise the topics of a page's stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from itsdangerous import BadSignature, URLSafeSerializer

from starmodel.adapters.frontends.datastar.pages import (
    MAX_LISTS,
    EntityTopic,
    ListTopic,
    Page,
    QueryTopic,
    SlotTopic,
    Topic,
)
from starmodel.app.sessions.session import Session
from starmodel.core.errors import AccessDeniedError, TooManyTopicsError
from starmodel.texts.catalogue import Message

MAX_TOKEN_BYTES = 2048
MAX_GRANTS = 100
MAX_TOPICS = 128


_KINDS: dict[int, type[Topic]] = {2: ListTopic, 3: QueryTopic, 4: EntityTopic, 5: SlotTopic}
_LISTS = (ListTopic, QueryTopic)


class Tokens:
    """Signs the topics of a page; a token is valid for its visitor only, and never expires."""

    def __init__(self, secrets: Sequence[str]) -> None:
        # The newest key signs; older ones are still accepted.
        self._signer = URLSafeSerializer(list(reversed(secrets)), salt="starmodel.page")

    def sign(self, page: Page) -> str:
        """Sign a token with all topics of the page. Raises: TooManyTopicsError, beyond 2 kB."""
        topics = [topic.signed for topic in page.topics]
        signed = [page.session.key[:16], page.root_path, topics]
        token = str(self._signer.dumps([*signed, page.area] if page.area else signed))
        if len(token) > MAX_TOKEN_BYTES:
            raise TooManyTopicsError(
                f"This page shows {len(topics)} live entities and lists, more than its token can "
                f"name ({MAX_TOKEN_BYTES} bytes). Show a list of them, or fewer at once."
            )
        return token

    def read(self, tokens: Sequence[str], session: Session) -> tuple[str, list[Topic]]:
        """Validate tokens, and return the page's mount path and topics.

        Shapes: the first token is the page token, the others are grants of content
        that was patched in later. Only the newest grants count, and of their
        topics the newest MAX_TOPICS entities and MAX_LISTS lists; views of one query are one list.

        Raises: AccessDeniedError, for a forged token or one of another visitor.
        """
        root_path, items = "", list[Topic]()
        page_topics = 0
        for token in [*tokens[:1], *tokens[1:][-MAX_GRANTS:]]:
            try:
                key, root_path, topics, *areas = self._signer.loads(token)
            except (BadSignature, ValueError):
                raise AccessDeniedError(Message("access.unknown_page")) from None
            if key != session.key[:16]:
                raise AccessDeniedError(Message("access.other_session"))
            area: str = areas[0] if areas else ""
            for topic in topics:
                item = _KINDS[len(topic)](*topic)
                items.append(replace(item, area=area) if area else item)
            page_topics = page_topics or len(items)
        # A repeated topic counts with its newest grant, so that it is not dropped as an old one.
        first = dict.fromkeys(items[:page_topics])
        added = dict.fromkeys(item for item in reversed(items[page_topics:]) if item not in first)
        newest = [*first, *added]
        queries = dict.fromkeys(
            (item.entity, item.query) for item in newest if isinstance(item, _LISTS)
        )
        counted = set(list(queries)[:MAX_LISTS])
        lists = [i for i in newest if isinstance(i, _LISTS) and (i.entity, i.query) in counted]
        entities = [item for item in newest if not isinstance(item, _LISTS)][:MAX_TOPICS]
        chosen = {*lists, *entities}
        return root_path, [item for item in [*first, *reversed(added)] if item in chosen]
