"""The settings of an application, each with its default and what is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    ValidationError,
    model_validator,
)

from starmodel.config.problems import explain, refuse_unknown_names
from starmodel.config.sources import origins_of, read_layers
from starmodel.config.values import (
    Bus,
    CommaList,
    CorsOrigin,
    Count,
    DatabaseUrl,
    Host,
    Name,
    Network,
    Origin,
    Theme,
)

MIN_SECRET_CHARS = 32
DEFAULT = "the default"


class Settings(BaseModel):
    """Everything that an operator may choose, immutable after it is read.

    Read from, strongest first: the arguments given here, the environment,
    `.env`, the profile `[starmodel.<env>]` and the table `[starmodel]` of
    `starmodel.toml`, the defaults below. Files are those of the current folder.

    Shapes: lists may be written `a,b` in the environment.
    Raises: ConfigurationError, naming every unknown name and wrong value.
    """

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    title: str = "StarModel"
    """The name of the application, on every page."""
    env: Literal["development", "production"] = "development"
    """In `production` there is no sign-in by a link, no reload and no error page with details."""
    theme: Theme = "blue"
    """The colours of pages."""
    assets: Literal["local", "cdn"] = "local"
    """Where pages load Franken UI and Datastar from: this application, or a public network."""

    # Fields with repr=False hold secrets or passwords: errors and repr show none of them.
    secret_key: SecretStr | None = Field(default=None, repr=False)
    """Signs cookies and page tokens; at least 32 characters in production."""
    secret_key_fallbacks: Annotated[list[SecretStr], CommaList] = Field(default=[], repr=False)
    """Earlier keys: what they signed stays valid, nothing new is signed with them."""

    default_store: Name = "memory"
    """The store of entities that name none."""
    default_event_method: Literal["post", "get", "put", "patch", "delete"] = "post"
    """The HTTP method of events that name none."""
    database_url: str = Field(default="sqlite:///starmodel.db", repr=False)
    """Where SQL entities are kept."""
    system_store: DatabaseUrl | None = Field(default=None, repr=False)
    """Where sessions of signed-in people are kept; unset means `database_url`."""
    redis_url: str | None = Field(default=None, repr=False)
    """Where Redis is."""
    database_pool_size: Count = 10
    """Connections to PostgreSQL, MySQL or MariaDB."""
    database_timeout_s: Annotated[float, Field(gt=0)] = 5.0
    """How long a command waits in all: for a connection, a lock, a server that is away."""
    sqlite_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    """With `FULL` a commit survives a loss of power, for some speed."""
    memory_max_entries: Count = 100_000
    """Instances of each class in the memory store. A full class drops the session entity that
    was not used for longest; one more of another scope is refused with 507."""
    memory_max_bytes: Count = 250_000_000
    """About how much memory the instances of each class may take in the memory store; a full
    class is treated likewise."""

    event_bus: Bus = "memory"
    """Carries changes to open pages: `memory`, or `package.module:Class`."""
    realtime: Literal["sse", "websocket"] = "sse"
    """How changes reach pages."""
    heartbeat_s: Annotated[float, Field(gt=0)] = 15.0
    """Seconds between two signs of life on a stream."""
    max_streams: Count = 10_000
    """Open pages in all."""
    max_streams_per_session: Count = 64
    """Open pages of one visitor."""
    max_streams_per_address: Count = 256
    """Open pages from one address."""

    public_url: Origin | None = None
    """The address that people type, such as `https://app.example.com`."""
    allowed_hosts: Annotated[list[Host], CommaList] = []
    """Names that are served; any, when empty. `*.example.com` takes all below it."""
    trusted_origins: Annotated[list[Origin], CommaList] = []
    """Other sites whose pages may run events here and read the answers, with credentials."""
    cors_origins: Annotated[list[CorsOrigin], CommaList] = []
    """Other sites whose pages may do so without cookies, as anybody or by a bearer token;
    `*` is any site."""
    trusted_proxies: Annotated[list[Network], CommaList] = []
    """Proxies whose word for a visitor's address is taken."""
    cookie_secure: bool | None = None
    """Cookies travel over HTTPS only. Unset means: as `public_url` says."""
    session_idle_days: Annotated[int, Field(ge=1, le=30)] = 14
    """Days without a request after which somebody is signed out."""
    session_max_days: Count = 90
    """Days after a sign-in when it ends."""
    access_scan_limit: Count = 10_000
    """Records that one list may read where a function decides about each."""
    max_body_bytes: Count = 1_000_000
    """The largest request."""
    max_body_depth: Count = 32
    """How deep JSON may be nested."""
    max_body_items: Count = 10_000
    """How many items one list or object in a request may have."""

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)

    if not TYPE_CHECKING:  # type checkers offer the fields as typed arguments instead

        def __init__(self, **arguments: Any) -> None:
            layers = read_layers(arguments)
            refuse_unknown_names(layers, type(self).model_fields)
            merged = {k: v for layer in reversed(layers) for k, v in layer.values.items()}
            try:
                super().__init__(**merged)
            except ValidationError as error:
                # Not chained: the cause knows the values of secrets.
                raise explain(error, layers, type(self).model_fields) from None
            self._origins = origins_of(layers)

    @property
    def origins(self) -> dict[str, str]:
        """Where each setting came from, in words that lead a person to it.

        Shapes: {"title": "STARMODEL_TITLE in .env", "theme": "the default", …},
        with every setting.
        """
        told = {name: self._origins.get(name, DEFAULT) for name in type(self).model_fields}
        if told["cookie_secure"] == DEFAULT and self.public_url is not None:
            told["cookie_secure"] = "public_url"
        return told

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.cookie_secure is None:
            secure = (self.public_url or "").startswith("https://")
            self.__dict__["cookie_secure"] = secure  # frozen for everyone else
        return self

    @model_validator(mode="after")
    def _protect_production(self) -> Settings:
        if self.env != "production":
            return self
        advice = (
            "Set STARMODEL_SECRET_KEY to the output of: "
            'python -c "import secrets; print(secrets.token_urlsafe(32))"'
        )
        if self.secret_key is None:
            raise ValueError(f"secret_key is missing, and env is 'production'. {advice}")
        if len(self.secret_key.get_secret_value()) < MIN_SECRET_CHARS:
            raise ValueError(
                f"secret_key is shorter than {MIN_SECRET_CHARS} characters, and env is "
                f"'production'. {advice}"
            )
        return self


def load_settings(**arguments: Any) -> Settings:
    """Settings of this process; `arguments` win over every other source.

    Raises: ConfigurationError, as `Settings` does.
    """
    return Settings(**arguments)
