"""`starmodel run`: serve an application."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from starmodel.cli.serving.server import RELOADS_VARIABLE, TARGET_VARIABLE
from starmodel.cli.serving.workers import refuse_split_state
from starmodel.cli.targets import find_target
from starmodel.cli.terminal.encoding import sign
from starmodel.cli.terminal.problems import CommandError, UsageError, fail
from starmodel.config import chosen_env
from starmodel.core.errors import ConfigurationError

# Open streams never end by themselves, so a stop has to cut them.
GRACE_S = 2
# Read once at the start, like sources.
SETTINGS_FILES = [".env", "starmodel.toml"]
OWN_LOGGER = {"handlers": ["default"], "level": "INFO", "propagate": False}
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # compared with, not bound


def run(
    app: Annotated[
        str | None,
        typer.Argument(
            help="A file (hello.py), or module:attribute naming an app or a factory. "
            "Without it: app.main:create_app, app.main:app or main:app of this folder.",
            show_default=False,
        ),
    ] = None,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")
    ] = 8000,
    reload: Annotated[
        bool | None,
        typer.Option(
            "--reload/--no-reload",
            help="Restart when a source file changes. [default: in development only]",
            show_default=False,
        ),
    ] = None,
    production: Annotated[
        bool,
        typer.Option(
            "--production",
            help="Serve with env=production: needs a secret key, shows nobody an error's text, "
            "has no developer's link.",
        ),
    ] = False,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Processes that serve; more than one needs shared state."),
    ] = 1,
) -> None:
    """Serve an application until Ctrl+C.

    Prints the address to open. In development the page of that address signs
    you in, and the server restarts when a source file changes. Open pages
    reconnect; while the application can't be loaded, they show why.
    """
    if production:
        os.environ["STARMODEL_ENV"] = "production"
    try:
        develops = chosen_env() == "development"
        reload = develops and workers == 1 if reload is None else reload
        target = find_target(app, Path.cwd(), waits=reload and develops)
        if reload and workers > 1:
            raise UsageError("A server with several workers can't reload. Leave out --reload.")
        os.environ[TARGET_VARIABLE] = target.import_string
        if workers > 1:
            refuse_split_state(target)
        port = _free_port(host, port)
    except (CommandError, ConfigurationError) as error:
        fail(error)
    address = _address(host, port)
    os.environ["STARMODEL_ADDRESS"] = address
    os.environ[RELOADS_VARIABLE] = str(target.folder) if reload and develops else ""
    how = "auto-reload" if reload else f"{workers} workers" if workers > 1 else ""
    typer.echo(f"{sign('🔧', '*')} {address}{f' ({how})' if how else ''}")
    sys.stdout.flush()

    import uvicorn
    from uvicorn.config import LOGGING_CONFIG

    loggers = {**LOGGING_CONFIG["loggers"], "starmodel": OWN_LOGGER}
    uvicorn.run(
        "starmodel.cli.serving.server:load",
        factory=True,
        app_dir=str(target.folder),
        host=host,
        port=port,
        reload=reload,
        reload_dirs=[str(target.folder)] if reload else None,
        reload_includes=SETTINGS_FILES if reload else None,
        workers=workers,
        access_log=False,
        log_config={**LOGGING_CONFIG, "loggers": loggers},
        # A developer reads the line above, then the link; the server's own steps say no more.
        log_level="warning" if develops else "info",
        # The application judges forwarded headers itself, by its setting trusted_proxies.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def _address(host: str, port: int) -> str:
    """The URL to open in a browser of this machine."""
    host = EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _free_port(host: str, port: int) -> int:
    """`port`, or a free one for 0, after proving that it can be bound.

    Another program may still take it before the server does.

    Raises: CommandError, when it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as error:
            raise CommandError(f"No address is known for host {host!r}. Check --host.") from error
        except PermissionError as error:
            raise CommandError(
                f"Port {port} is reserved for administrators. Choose one above 1023 with --port."
            ) from error
        except OSError as error:
            raise CommandError(
                f"Port {port} of {host} cannot be used: {error.strerror}. Stop the program that "
                f"uses it, or choose another: --port {port + 1}"
            ) from error
        return int(probe.getsockname()[1])
