"""The route of saved views: a person saves, renames and removes lists under a name."""

from __future__ import annotations

from typing import Any

from starmodel.app.access.decisions import check
from starmodel.app.access.fields import readable_fields
from starmodel.app.presentation.resource import MountedResource
from starmodel.core.errors import NotSignedInError, RequestError
from starmodel.plugins import Exchange
from starmodel.plugins.web import PluginServices

MAX_CHARS = 8000
_FIELDS = {"save": ("name", "question"), "rename": ("id", "name"), "remove": ("id",)}


class ViewRoutes:
    """Changes the saved views of a signed-in person.

    Shapes: the body is {"do": "save", "name", "question"}, {"do": "rename", "id", "name"} or
    {"do": "remove", "id"}, a form or JSON; the JSON response is {"id", "name", "question"} of a
    saved view, else {}.
    """

    def __init__(self, services: PluginServices) -> None:
        self._views = services.application.saved_views

    async def change(self, exchange: Exchange, resource: MountedResource, id: str) -> None:
        """Change the views. Raises: NotSignedInError, AccessDeniedError, RequestError."""
        actor, entity_type = exchange.session.actor, resource.entity_type
        await check(resource.policy, entity_type, "read", actor)
        if actor is None:
            raise NotSignedInError("Saved views are of somebody who is signed in.")
        if self._views is None:
            raise RequestError("This application has no store of saved views.", status=404)
        try:
            sent = (await exchange.request.fields())[0]
        finally:
            exchange.request.close_files()
        do, given = sent.get("do"), _given(sent)
        saved: dict[str, Any] = {}
        url = resource.url_for("list", root_path=exchange.root_path)
        if do == "save":
            hidden = readable_fields(resource.policy, entity_type, actor).uncertain
            view = await self._views.save(
                entity_type, actor, given["name"], given["question"], hidden
            )
            saved = {"id": view.id, "name": view.name, "question": view.question}
            url = f"{url}?{view.question}" if view.question else url
        elif do == "rename":
            await self._views.rename(actor, given["id"], given["name"])
            url = exchange.referer_or(url)
        else:
            await self._views.remove(actor, given["id"])
        if exchange.request.wants_html:
            await exchange.redirect(url)
        else:
            await exchange.json(saved)


def _given(sent: dict[str, Any]) -> dict[str, str]:
    """The texts of the body. Raises: RequestError, naming what is missing."""
    do = sent.get("do")
    names = _FIELDS.get(do) if isinstance(do, str) else None
    if names is None:
        raise RequestError(f"do is {do!r:.60}; expected one of {', '.join(_FIELDS)}.")
    for name in names:
        value = sent.get(name)
        if not isinstance(value, str) or len(value) > MAX_CHARS:
            raise RequestError(f"{do} needs {' and '.join(names)}, texts; {name} is none.")
    return {name: sent[name] for name in names}
