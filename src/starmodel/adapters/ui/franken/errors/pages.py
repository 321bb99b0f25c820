"""The error page of a request, and the panel of an event that raised."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from starmodel.adapters.ui.elements import A, Code, Dd, Div, Dl, Dt, Li, P, Ul
from starmodel.adapters.ui.franken.errors import tracebacks
from starmodel.adapters.ui.franken.icons import icon
from starmodel.adapters.ui.franken.shell.search import search_input
from starmodel.app.access.offers import offers
from starmodel.app.access.policy import Actor
from starmodel.app.presentation.ui import Services

_HEADINGS = {
    400: "heading.400", 401: "heading.401", 403: "heading.403", 404: "heading.404",
    405: "heading.405", 409: "heading.409", 410: "heading.410", 413: "heading.413",
    422: "heading.422", 429: "heading.429", 500: "heading.500", 503: "heading.503",
}  # fmt: skip
_ADVICE = {
    401: "advice.401", 403: "advice.403", 404: "advice.404", 410: "advice.410", 429: "advice.429",
    500: "advice.500", 503: "advice.503",
}  # fmt: skip
_PICTURES = {401: "user", 403: "user", 404: "search", 410: "trash"}


class ErrorPages:
    """Renders errors. Shapes: page renders a complete page."""

    def __init__(self, services: Services, page: Callable[..., str]) -> None:
        self._services, self._page = services, page

    def page(self, problem: Any, actor: Actor | None) -> str:
        """A complete error page, with the traceback for a developer."""
        texts = self._services.texts
        errors = [Li(f"{name}: {text}" if name else text) for name, text in problem.fields.items()]
        start = A(
            texts.text("page.start"),
            href=f"{self._services.frontend.root_path}/",
            cls="uk-btn uk-btn-default",
        )
        every = self._list_of(problem.record, actor)
        again = A(texts.text("page.again"), href="", cls="uk-btn uk-btn-primary")
        trace, heading = None, _HEADINGS.get(problem.status)
        advice = _ADVICE.get(problem.status)
        is_elsewhere = problem.status == 404 and not problem.record  # else its list is offered
        if problem.status == 404 and not is_elsewhere:
            advice = None
        if problem.trace:
            trace = tracebacks.steps(problem.frames, problem.trace)
        return self._page(
            texts.text(heading) if heading else problem.title,
            Div(
                Div(
                    icon(_PICTURES.get(problem.status, "alert"), self._services.icons_url),
                    P(str(problem.status), cls="sm-status", aria_hidden="true"),
                    cls="sm-problem-head",
                ),
                P(problem.plain or problem.text, cls="sm-failure-text" if problem.trace else None),
                _details(problem.details) if problem.details else None,
                Ul(*errors) if errors else None,
                P(self._advice(advice, problem), cls="sm-muted") if advice else None,
                search_input(self._services, problem.words) if is_elsewhere else None,
                Div(again if problem.repeats else None, every, start, cls="sm-buttons"),
                cls="sm-problem-page",
            ),
            trace,
            actor=actor,
        )  # fmt: skip

    def _advice(self, key: str, problem: Any) -> str:
        site = self._services.site.title
        return self._services.texts.text(key, site=site, seconds=problem.retry_after_s or 10)

    def _list_of(self, name: str, actor: Actor | None) -> Any:
        """The link to the list of a class; None for a class whose list the actor may not read."""
        services = self._services
        area = services.areas.current
        for resource in area.pages:
            entity_type = resource.entity_type
            is_listed = entity_type.name == name and "list" in resource.pages
            if is_listed and offers(area.policy, entity_type, actor):
                return A(
                    services.texts.text("record.all", things=entity_type.plural_title),
                    href=services.url_for(resource, "list"), cls="uk-btn uk-btn-primary",
                )  # fmt: skip
        return None

    def panel(self, problem: Any) -> Any:
        """The traceback of an event that raised, for the developer's page."""
        details = _details(problem.details) if problem.details else None
        steps = tracebacks.steps(problem.frames, problem.trace)
        return tracebacks.panel(problem.text, self._services.icons_url, details, steps)


def _details(details: Mapping[str, str]) -> Any:
    """The failed event for the developer: entity, event and arguments."""
    pairs = [Div(Dt(name), Dd(Code(text))) for name, text in details.items()]
    return Div(Dl(*pairs, cls="sm-fields"), cls="uk-card sm-details sm-failure-where")
