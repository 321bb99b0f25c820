"""Maps driver errors to the errors of the SQL store."""

from __future__ import annotations

from starmodel.adapters.persistence.sql.drivers.network.server import (
    LockTimeoutError,
    PermissionDeniedError,
    SerializationError,
    StatementError,
)
from starmodel.core.errors import (
    StarModelError,
    StoreBusyError,
    StoreFailedError,
    StorePermissionError,
    StoreUnavailableError,
)


def server_error(what: str, error: Exception) -> StarModelError:
    """Map a driver error; only a lost connection becomes StoreUnavailableError.

    Shapes: what begins the message, such as "PostgreSQL at db could not commit".
    """
    return _kind_of(error)(f"{what}: {error}.")


def _kind_of(error: Exception) -> type[StarModelError]:
    if isinstance(error, PermissionDeniedError):
        return StorePermissionError
    if isinstance(error, StatementError):
        return StoreFailedError
    return (
        StoreBusyError
        if isinstance(error, SerializationError | LockTimeoutError)
        else StoreUnavailableError
    )
