"""Pages of this project, rendered from the Jinja templates in `templates/`.

Each stands in the layout of the generated pages. Remove `home`, and `/` lists the entities.
"""

from typing import Any

from starmodel import page
from starmodel.jinja import render

from app import entities


@page("/", title="Home", icon="home", access="public")
async def home(
    # [memory]
    counter: entities.Counter,
    # [end]
    # [redis]
    visits: entities.Visits,
    # [end]
    # [browser]
    preferences: entities.Preferences,
    # [end]
) -> Any:
    """A parameter with an entity type is the entity of the session."""
    context = {
        # [memory]
        "counter": counter,
        # [end]
        # [redis]
        "visits": visits,
        # [end]
        # [browser]
        "preferences": preferences,
        # [end]
        # [sql]
        "open_tasks": await entities.Task.objects.count(done=False),
        # [end]
    }
    return render("home.html", **context)
