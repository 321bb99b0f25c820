"""The demo: `starmodel run examples/demo/app.py`. Each page is one module, with its entity in it.

Everything but the counter is shared by all visitors, and public, so no
sign-in is needed; whoever creates an account is known by name in the chat.
The order desk of `examples/desk` is for accounts, too; the developer sees it as its staff.
The data that visitors write to memory is bounded in number or in length.
Tasks, orders and accounts are stored in `starmodel.db` without a bound, so require a
sign-in and close the registration before you deploy a demo like this on the
internet.
"""

from desk.app import ENTITIES as DESK
from desk.samples import seed as fill_desk

from starmodel import create_app
from starmodel.auth import Auth

from . import chat, dashboard, landing, report, tasks

ENTITIES = [
    landing.Counter,
    dashboard.Sales,
    chat.Chat,
    tasks.Task,
    report.Report,
    tasks.Setup,
    *DESK,
]

PAGES = [landing.home, dashboard.dashboard, chat.conversation, report.progress]
app = create_app(
    ENTITIES,
    title="StarModel demo",
    pages=PAGES,
    navigation=[*PAGES, landing.Counter, tasks.Task, {"Order desk": DESK}],
    on_startup=[tasks.seed, fill_desk],
    auth=Auth(registration="open"),
)
