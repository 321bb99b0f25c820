"""The settings of an application, with their types, defaults and validation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, PrivateAttr, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from starmodel.config.errors import DEFAULT, check_names, validation_error
from starmodel.config.precedence import (
    effective_origins,
    plugin_origins,
    plugin_settings,
    setting_sources,
)
from starmodel.config.values import (
    Bus,
    CommaList,
    CorsOrigin,
    Count,
    DatabaseUrl,
    FolderPath,
    Host,
    LanguageTag,
    MailFrom,
    MailUrl,
    Name,
    Network,
    Origin,
    PluginName,
    RedisPrefix,
    Theme,
)

MIN_SECRET_CHARS = 32


class Settings(BaseSettings):
    """The immutable settings of one application.

    Sources by precedence: arguments, environment variables, `.env`, the
    profile `[starmodel.<env>]` and the table `[starmodel]` of
    `starmodel.toml`, defaults. Files are read from the current folder.

    Shapes: lists are parsed from `a,b` in environment variables.
    Raises: ConfigurationError, with every unknown name and invalid value.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        hide_input_in_errors=True,
        case_sensitive=True,  # arguments; `Variables` ignores the case
    )

    title: str = "StarModel"
    """The name of the application, on every page."""
    env: Literal["development", "production"] = "development"
    """In `production` there is no sign-in link, no reload, and error pages have no details."""
    languages: Annotated[list[LanguageTag], CommaList, Field(min_length=1)] = ["en"]
    """The languages of pages and messages. Each visitor has one of them, by choice or by
    Accept-Language; the first is that of everybody else."""
    locales_folder: FolderPath = "locales"
    """The folder of your translations, relative to the current folder."""
    theme: Theme = "blue"
    """The colours of pages."""
    web: Literal["fasthtml", "starlette"] = "fasthtml"
    """The web framework of `create_app`."""
    assets: Literal["local", "cdn"] = "local"
    """Where pages load Franken UI and Datastar from: this application, or a public network."""

    # Fields with repr=False hold secret keys or passwords, which errors and repr() omit.
    secret_key: SecretStr | None = Field(default=None, repr=False)
    """Signs cookies and page tokens; at least 32 characters in production."""
    secret_key_fallbacks: Annotated[list[SecretStr], CommaList] = Field(default=[], repr=False)
    """Earlier keys: signatures made with them stay valid, new ones are not made."""

    default_store: Name = "memory"
    """The store of entities without `store`."""
    default_event_method: Literal["post", "get", "put", "patch", "delete"] = "post"
    """The HTTP method of events without `method`."""
    database_url: str = Field(default="sqlite:///starmodel.db", repr=False)
    """The database of entities with `store="sql"`."""
    system_store: DatabaseUrl | None = Field(default=None, repr=False)
    """The database of signed-in sessions; unset means `database_url`."""
    migrations_folder: FolderPath = "migrations"
    """The folder of the migration files, relative to the current folder."""
    migrate_on_start: bool = False
    """Apply pending migrations when the application starts: one process does, others wait."""
    redis_url: str | None = Field(default=None, repr=False)
    """The Redis or Valkey server of entities with `store="redis"`, such as
    `redis://user:password@host:6379/0`. Unset means the one on this machine."""
    redis_prefix: RedisPrefix = "starmodel"
    """The start of every key in Redis, which keeps applications apart; on a cluster in braces, as
    in `{starmodel}`, so that all keys are in one hash slot."""
    redis_timeout_s: Annotated[float, Field(gt=0)] = 5.0
    """Timeout of a command in Redis: for a connection, a reply, a lock."""
    database_pool_size: Count = 10
    """Connections in the pool to PostgreSQL, MySQL or MariaDB."""
    database_timeout_s: Annotated[float, Field(gt=0)] = 5.0
    """Timeout of a command: for a connection from the pool, a lock, an unreachable server."""
    sqlite_synchronous: Literal["NORMAL", "FULL"] = "NORMAL"
    """With `FULL` a commit survives a power loss, at lower throughput."""
    memory_max_entries: Count = 100_000
    """Instances of each class in the memory store. A full class evicts its least recently used
    session entity; one more of another scope is refused with 507."""
    memory_max_bytes: Count = 250_000_000
    """Approximate memory of the instances of each class in the memory store; a full class evicts
    likewise."""

    event_bus: Bus = "memory"
    """The bus that publishes changes to open pages: `memory`, or `package.module:Class`."""
    realtime: Literal["sse", "websocket"] = "sse"
    """The transport of page streams."""
    heartbeat_s: Annotated[float, Field(gt=0)] = 15.0
    """Seconds between heartbeats on an idle stream."""
    max_streams: Count = 10_000
    """Open streams in total."""
    max_streams_per_session: Count = 64
    """Open streams of one session."""
    max_streams_per_address: Count = 256
    """Open streams from one IP address."""

    public_url: Origin | None = None
    """The public origin, such as `https://app.example.com`."""
    allowed_hosts: Annotated[list[Host], CommaList] = []
    """Allowed values of the Host header; any, when empty. `*.example.com` allows subdomains."""
    trusted_origins: Annotated[list[Origin], CommaList] = []
    """Other origins whose pages may run events and read responses, with credentials (CORS)."""
    cors_origins: Annotated[list[CorsOrigin], CommaList] = []
    """Other origins whose pages may do so without cookies, anonymously or by a bearer token;
    `*` is any origin."""
    trusted_proxies: Annotated[list[Network], CommaList] = []
    """Proxies whose forwarded headers are trusted."""
    cookie_secure: bool | None = None
    """Send cookies over HTTPS only. Unset means: when `public_url` is HTTPS."""
    session_idle_days: Annotated[int, Field(ge=1, le=30)] = 14
    """Days without a request until a session is signed out."""
    session_max_days: Count = 90
    """Days until a session is signed out after its sign-in."""
    auth_registration: Literal["closed", "invite", "open"] = "closed"
    """Who may create an account: nobody, those who are invited, or everybody (`open`)."""
    auth_sudo_minutes: Annotated[int, Field(ge=1, le=1440)] = 15
    """Minutes for which a sign-in or a confirmed password permits events with `sudo=True`."""
    access_scan_limit: Count = 10_000
    """Records that one list may read when an access rule is a function."""
    max_body_bytes: Count = 1_000_000
    """The maximum size of a request body."""
    max_body_depth: Count = 32
    """The maximum nesting depth of JSON."""
    max_body_items: Count = 10_000
    """The maximum number of items in a list or object of a request."""

    mail_url: MailUrl | None = Field(default=None, repr=False)
    """The mail server, such as `smtps://user:password@mail.example.org`. Unset means the
    development mailbox in development, and no mail in production."""
    mail_from: MailFrom | None = None
    """The sender of mail, such as `Shop <no-reply@shop.example>`."""

    plugins_disabled: Annotated[list[PluginName], CommaList] = []
    """Installed plugins that are switched off; they are not imported."""
    plugins_enabled: Annotated[list[PluginName], CommaList] = []
    """Plugins that are off by default, and switched on."""
    plugins_required: Annotated[list[PluginName], CommaList] = []
    """Plugins without which the application does not start."""

    _origins: dict[str, str] = PrivateAttr(default_factory=dict)
    _plugins: dict[str, dict[str, Any]] = PrivateAttr(default_factory=dict)
    _plugin_origins: dict[str, dict[str, str]] = PrivateAttr(default_factory=dict)

    if not TYPE_CHECKING:  # type checkers infer a typed signature from the fields

        def __init__(self, **arguments: Any) -> None:
            sources = setting_sources(type(self), arguments)
            fields = type(self).model_fields
            failure = None
            try:
                super().__init__(_build_sources=(sources, {}))
            except ValidationError as error:
                failure = error
            check_names(sources, fields)
            if failure is not None:
                # Not chained: the cause includes secret values.
                raise validation_error(failure, effective_origins(sources), fields)
            self._origins = effective_origins(sources)
            self._plugins, self._plugin_origins = plugin_settings(sources), plugin_origins(sources)

    @property
    def origins(self) -> dict[str, str]:
        """The source of each setting.

        Shapes: {"title": "STARMODEL_TITLE in .env", "theme": "the default", …},
        with every setting.
        """
        origins = {name: self._origins.get(name, DEFAULT) for name in type(self).model_fields}
        if origins["cookie_secure"] == DEFAULT and self.public_url is not None:
            origins["cookie_secure"] = "public_url"
        return origins

    @property
    def plugin_settings(self) -> dict[str, dict[str, Any]]:
        """The settings of plugins, by plugin and name; not validated."""
        return self._plugins

    @property
    def plugin_origins(self) -> dict[str, dict[str, str]]:
        """The source of each value in `plugin_settings`, by plugin and name."""
        return self._plugin_origins

    @model_validator(mode="after")
    def _complete(self) -> Settings:
        if self.cookie_secure is None:
            secure = (self.public_url or "").startswith("https://")
            self.__dict__["cookie_secure"] = secure  # bypasses the frozen model
        return self

    @model_validator(mode="after")
    def _complete_mail(self) -> Settings:
        is_sent = self.mail_url is not None and not self.mail_url.startswith("mailbox:")
        if is_sent and self.mail_from is None:
            raise ValueError(
                "mail_from is missing, and mail_url is set. Set mail_from to the sender of mail, "
                "such as Shop <no-reply@shop.example>."
            )
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
    """The settings of this process; arguments take precedence over other sources.

    Raises: ConfigurationError, as `Settings` does.
    """
    return Settings(**arguments)
