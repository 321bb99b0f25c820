"""The contract of web frameworks, as test classes that the tests of a framework inherit."""

from __future__ import annotations

from starmodel.testing.contracts.web.data_streams import DataStreamsContract
from starmodel.testing.contracts.web.errors import ErrorsContract
from starmodel.testing.contracts.web.events import EventsContract
from starmodel.testing.contracts.web.handlers import HandlersContract
from starmodel.testing.contracts.web.lifespan import LifespanContract
from starmodel.testing.contracts.web.middleware import MiddlewareContract
from starmodel.testing.contracts.web.mounting import MountingContract
from starmodel.testing.contracts.web.routes import RoutesContract
from starmodel.testing.contracts.web.sessions import SessionsContract
from starmodel.testing.contracts.web.static_files import StaticFilesContract
from starmodel.testing.contracts.web.websockets import WebSocketsContract

__all__ = ["ExistingApplicationContract", "WebContract"]


class ExistingApplicationContract(
    RoutesContract,
    HandlersContract,
    MiddlewareContract,
    MountingContract,
    EventsContract,
    DataStreamsContract,
    SessionsContract,
    LifespanContract,
    WebSocketsContract,
):
    """The part of `WebContract` that applications of `configure_app` fulfil too.

    They send the error pages of their framework.
    """


class WebContract(ExistingApplicationContract, ErrorsContract, StaticFilesContract):
    """The contract of a web framework, as pytest tests.

    Inherit it in a class named Test… with `make_app(self, entities, **options)`, which returns
    an application of the framework with StarModel, and `add_page(self, app, path, handler)`,
    which adds a GET route whose handler has entities as parameters and components as result.
    The options are those of Starlette (`routes`, `middleware`, `exception_handlers`,
    `lifespan`) and settings. The tests need no pytest plugin.
    """
