"""`starmodel run`: serves an application with uvicorn."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from starmodel.cli.targets import find_target
from starmodel.cli.terminal.encoding import encodable
from starmodel.cli.terminal.errors import CommandError, UsageError, fail
from starmodel.core.errors import ConfigurationError

# Event streams never end, so a graceful shutdown needs a timeout.
GRACE_S = 2
# Parsed once at startup, so a change needs a reload.
SETTINGS_FILES = [".env", "starmodel.toml"]
OWN_LOGGER = {"handlers": ["default"], "level": "INFO", "propagate": False}
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # a comparison, not a bind address


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
            help="Serve with env=production: requires a secret key, hides error messages and has "
            "no developer sign-in link.",
        ),
    ] = False,
    workers: Annotated[
        int,
        typer.Option(min=1, help="Worker processes; more than one needs shared state."),
    ] = 1,
) -> None:
    """Serve an application until Ctrl+C.

    Prints the URL. In development it prints a sign-in link too, and the server
    restarts when a source file changes. Open pages reconnect; while the
    application can't be loaded, they show the error.
    """
    from starmodel.cli.serving.variables import RELOADS_VARIABLE, TARGET_VARIABLE
    from starmodel.cli.serving.workers import refuse_split_state
    from starmodel.config import chosen_env

    if production:
        os.environ["STARMODEL_ENV"] = "production"
    try:
        is_development = chosen_env() == "development"
        reload = is_development and workers == 1 if reload is None else reload
        target = find_target(app, Path.cwd(), tolerant=reload and is_development)
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
    os.environ[RELOADS_VARIABLE] = str(target.folder) if reload and is_development else ""
    how = "auto-reload" if reload else f"{workers} workers" if workers > 1 else ""
    typer.echo(f"{encodable('🔧', '*')} {address}{f' ({how})' if how else ''}")
    sys.stdout.flush()

    import uvicorn
    from uvicorn.config import LOGGING_CONFIG

    loggers = {**LOGGING_CONFIG["loggers"], "starmodel": OWN_LOGGER}
    uvicorn.run(
        "starmodel.cli.running:load",
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
        # The URL and the sign-in link are enough output in development.
        log_level="warning" if is_development else "info",
        # The application validates forwarded headers, by its setting trusted_proxies.
        proxy_headers=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE_S,
    )


def _address(host: str, port: int) -> str:
    """The URL for a browser on this machine."""
    host = EVERYWHERE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _free_port(host: str, port: int) -> int:
    """`port`, or a free one for 0, after binding it once.

    Another process may still bind it before the server does.

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
