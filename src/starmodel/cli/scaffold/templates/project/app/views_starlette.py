"""Custom pages, rendered from the Jinja templates in `templates/`.

A route here replaces the generated route: remove `home`, and `/` lists the entities.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.templating import Jinja2Templates
from starmodel.starlette import endpoint, page_head, page_tail

from app import entities

templates = Jinja2Templates(Path(__file__).parent.parent / "templates")
templates.env.globals.update(page_head=page_head, page_tail=page_tail, entities=entities)


@endpoint
async def home(
    request: Request,
    # [memory]
    counter: entities.Counter,
    # [end]
    # [browser]
    preferences: entities.Preferences,
    # [end]
) -> Response:
    """A parameter with an entity type is the entity of the session."""
    context = {
        # [memory]
        "counter": counter,
        # [end]
        # [browser]
        "preferences": preferences,
        # [end]
        # [sql]
        "open_tasks": await entities.Task.objects.count(done=False),
        # [end]
    }
    return templates.TemplateResponse(request, "home.html", context)


routes = [Route("/", home)]
