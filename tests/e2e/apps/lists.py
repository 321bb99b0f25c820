"""An application with live lists, and a page whose rows have inputs."""

LISTS = '''
from fasthtml.common import *
from starmodel import Entity, create_app, event


class Task(Entity):
    """Rows of generated pages. Each test takes tasks of a project of its own."""

    model_config = {"access": "public", "list_filter": ["project", "done"]}
    name: str
    project: str = ""
    rank: int = 0
    done: bool = False

    @event
    def finish(self):
        self.done = True


class Draft(Task):
    """Rows by `skin`, with inputs in them."""


app = create_app(title="Lists", heartbeat_s=0.5)

from starmodel.app.presentation.ui import Row

ui = app.starmodel.ui
plain_rows = ui.list_rows


def rows(resource, listing, entities, audience, titles=None):
    if listing.entity_type.name != "Draft" or not entities:
        return plain_rows(resource, listing, entities, audience)
    return [Row(d.id, to_xml(Tr(
        Td(d.name, cls="name"),
        Td(Input(name="note", value=d.project, aria_label=f"Note {d.name}")),
        Td(Input(type="checkbox", aria_label=f"Pick {d.name}")),
        Td(Details(Summary("More"), P(d.rank))),
        Td(Select(Option("S"), Option("M"), aria_label=f"Size {d.name}")), data_key=d.id)))
        for d in entities]


ui.list_rows = rows


@app.get("/drafts-page")
async def drafts(request, session):
    from starmodel.app.queries.listing import listing_of
    application = app.starmodel
    listing = listing_of(application.registry[Draft], dict(request.query_params))
    window = await application.window(listing, session.actor)
    frontend, resource = application.frontend, application.areas.default[listing.entity_type]
    frontend.show_list(listing)
    shown = "".join(row.html for row in rows(resource, listing, window.entities, None))
    around = "".join(part.html for part in ui.list_controls(resource, listing, window))
    return Titled("Drafts", Table(Tbody(Safe(shown), id=frontend.rows_id(listing),
        data_state=window.digest)), Safe(around))
'''
