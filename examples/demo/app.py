"""The demo: `starmodel run examples/demo/app.py`. Each page is one module, with its entity in it.

Everything but the counter is shared by all who open the demo, and open to
the public so that nobody has to sign in. What visitors write is bounded in
number or in length where it is kept in memory; tasks are kept in
`starmodel.db` and are not, so put a sign-in before a demo of your own on
the internet.
"""

from starmodel import create_app

from . import chat, dashboard, landing, report, tasks

# Named here for their order in the navigation; without the list, every entity is taken.
ENTITIES = [
    landing.Counter,
    dashboard.Sales,
    chat.Chat,
    tasks.Task,
    report.Report,
    tasks.Setup,
]

app = create_app(ENTITIES, title="StarModel demo", on_startup=[tasks.seed])

for page in (landing, dashboard, chat, report):
    page.router.to_app(app)
