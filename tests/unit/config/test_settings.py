"""Settings: sources and their order, wrong names and values, secret keys."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import ValidationError

from starmodel.config import Settings, chosen_env, load_settings, secret_keys
from starmodel.core.errors import ConfigurationError

KEY = "k" * 32


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the machine's variables nor the repository's files reach a test."""
    monkeypatch.chdir(tmp_path)
    for variable in list(os.environ):
        if variable.startswith("STARMODEL_") or variable in ("DATABASE_URL", "REDIS_URL"):
            monkeypatch.delenv(variable)


@pytest.fixture
def toml(tmp_path: Path) -> Callable[[str], object]:
    return (tmp_path / "starmodel.toml").write_text


@pytest.fixture
def dotenv(tmp_path: Path) -> Callable[[str], object]:
    return (tmp_path / ".env").write_text


def refusal(**arguments: object) -> str:
    with pytest.raises(ConfigurationError) as caught:
        load_settings(**arguments)
    return str(caught.value)


def test_settings_without_sources_are_the_defaults() -> None:
    settings = load_settings()
    assert (settings.env, settings.event_bus, settings.realtime) == ("development", "memory", "sse")
    assert settings.database_url == "sqlite:///starmodel.db"
    assert settings.secret_key is None
    assert not Path(".starmodel").exists()


def test_each_source_overrides_lower_ones(
    toml: Callable[[str], object], dotenv: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    names = ("title", "theme", "default_store", "event_bus", "realtime")
    toml('[starmodel]\ntitle = "t"\ntheme = "teal"\ndefault_store = "t"\nrealtime = "websocket"\n')
    assert load_settings().title == "t"
    dotenv("STARMODEL_TITLE=d\nSTARMODEL_THEME=rose\nSTARMODEL_DEFAULT_STORE=d\nOTHER=x\n")
    monkeypatch.setenv("STARMODEL_TITLE", "e")
    monkeypatch.setenv("STARMODEL_THEME", "zinc")
    settings = load_settings(title="a")
    found = [getattr(settings, name) for name in names]
    assert found == ["a", "zinc", "d", "memory", "websocket"]


def test_profile_of_the_env_overrides_the_table(
    toml: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml('[starmodel]\ntitle = "all"\ntheme = "red"\n[starmodel.production]\ntitle = "live"\n')
    assert load_settings().title == "all"
    monkeypatch.setenv("STARMODEL_ENV", "production")
    settings = load_settings(secret_key=KEY)
    assert (settings.title, settings.theme) == ("live", "red")


def test_settings_files_with_a_byte_order_mark_are_parsed(tmp_path: Path) -> None:
    mark = b"\xef\xbb\xbf"
    (tmp_path / "starmodel.toml").write_bytes(mark + b'[starmodel]\r\ntitle = "Toml"\r\n')
    (tmp_path / ".env").write_bytes(mark + b"STARMODEL_THEME=zinc\r\n")

    settings = load_settings()

    assert (settings.title, settings.theme) == ("Toml", "zinc")


def test_env_set_in_the_file_selects_the_profile(toml: Callable[[str], object]) -> None:
    toml('[starmodel]\nenv = "production"\n[starmodel.production]\ntitle = "live"\n')
    assert load_settings(secret_key=KEY).title == "live"
    assert chosen_env() == "production"
    assert chosen_env(env="development") == "development"


def test_prefixed_variables_override_plain_urls(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "sqlite:///plain.db")
    monkeypatch.setenv("REDIS_URL", "redis://plain")
    assert load_settings().database_url == "sqlite:///plain.db"
    assert load_settings().redis_url == "redis://plain"
    monkeypatch.setenv("STARMODEL_DATABASE_URL", "sqlite:///prefixed.db")
    assert load_settings().database_url == "sqlite:///prefixed.db"


def test_lists_are_split_at_commas_and_empty_variables_are_unset(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STARMODEL_ALLOWED_HOSTS", "a.example, *.B.example,")
    monkeypatch.setenv("STARMODEL_MAX_STREAMS", "")
    monkeypatch.setenv("STARMODEL_ADDRESS", "http://127.0.0.1:8000")
    settings = load_settings()
    assert settings.allowed_hosts == ["a.example", "*.b.example"]
    assert settings.max_streams == 10_000


@pytest.mark.parametrize(
    ("public_url", "given", "secure"),
    [
        (None, None, False),
        ("http://a.example", None, False),
        ("https://a.example/", None, True),
        ("https://a.example", False, False),
        (None, True, True),
    ],
    ids=["nothing", "http", "https", "https-but-off", "on"],
)
def test_cookie_secure_defaults_to_the_scheme_of_public_url(
    public_url: str | None, given: bool | None, secure: bool
) -> None:
    assert Settings(public_url=public_url, cookie_secure=given).cookie_secure is secure


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_settings().title = "other"  # type: ignore[misc]


def test_unknown_argument_raises_with_a_suggestion() -> None:
    text = refusal(max_stream=1)
    assert "Unknown setting 'max_stream' (from an argument). Did you mean 'max_streams'?" in text
    assert "Settings are: access_scan_limit, allowed_hosts, assets" in text


def test_unknown_name_in_any_source_raises_with_its_origin(
    toml: Callable[[str], object], dotenv: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml("[starmodel]\nthem = 1\n[starmodel.production]\nrealtme = 2\n")
    dotenv("STARMODEL_TITEL=x\n")
    monkeypatch.setenv("STARMODEL_SECRT_KEY", "do-not-show-me")
    text = refusal()
    assert "'secrt_key' (from STARMODEL_SECRT_KEY in the environment)" in text
    assert "'titel' (from STARMODEL_TITEL in .env). Did you mean 'title'?" in text
    assert "'them' (from [starmodel] of starmodel.toml)" in text
    assert "'realtme' (from [starmodel.production] of starmodel.toml)" in text
    assert "do-not-show-me" not in text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('title = "x"\n', "'title' outside [starmodel]"),
        ("starmodel = 3\n", "must be a table"),
        ('[starmodel.production]\nenv = "production"\n', "env chooses the profile"),
        ("[starmodel\n", "cannot be read"),
    ],
    ids=["outside", "no-table", "env-in-profile", "no-toml"],
)
def test_invalid_settings_file_raises(
    toml: Callable[[str], object], content: str, words: str
) -> None:
    toml(content)
    assert words in refusal()


def test_invalid_value_raises_with_value_origin_and_choices(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STARMODEL_ENV", "prod")
    monkeypatch.setenv("STARMODEL_MAX_STREAMS", "ten")
    text = refusal()
    assert "'env' cannot be 'prod' (from STARMODEL_ENV in the environment)" in text
    assert "must be 'development' or 'production'. Did you mean 'production'?" in text
    assert "'max_streams' cannot be 'ten'" in text
    assert "valid integer" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("event_bus", "kafka"),
        ("realtime", "ssee"),
        ("default_event_method", "head"),
        ("theme", "a b"),
        ("sqlite_synchronous", "OFF"),
        ("max_body_bytes", 0),
        ("heartbeat_s", 0),
        ("public_url", "app.example.com"),
        ("public_url", "https://a.example/path"),
        ("public_url", "https://user@a.example"),
        ("allowed_hosts", ["https://a.example"]),
        ("trusted_origins", ["a.example"]),
        ("trusted_proxies", "*"),
        ("cookie_secure", "perhaps"),
    ],
    ids=str,
)
def test_invalid_value_of_each_type_raises(name: str, value: object) -> None:
    assert f"Setting '{name}" in refusal(**{name: value})


def test_plugin_names_and_networks_are_valid() -> None:
    settings = load_settings(
        event_bus="shop.bus:Kafka", trusted_proxies=["10.0.0.0/8", "::1"], default_store="mongo"
    )
    assert settings.event_bus == "shop.bus:Kafka"
    assert settings.trusted_proxies == ["10.0.0.0/8", "::1"]


def test_secrets_are_omitted_from_errors_and_repr() -> None:
    text = refusal(secret_key=["hush"], redis_url=["hush"], secret_key_fallbacks=[["hush"]])
    assert "hush" not in text
    assert "'secret_key' cannot be a hidden value" in text
    settings = load_settings(secret_key="hush", database_url="postgresql://u:hush@db/x")
    assert "hush" not in repr(settings)


def test_production_without_a_secret_key_raises_with_a_remedy() -> None:
    text = refusal(env="production")
    assert "secret_key is missing" in text
    assert "token_urlsafe" in text


def test_production_with_a_short_secret_key_raises_without_the_key() -> None:
    text = refusal(env="production", secret_key="hush")
    assert "shorter than 32" in text
    assert "hush" not in text


def test_secret_keys_are_ordered_newest_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STARMODEL_SECRET_KEY_FALLBACKS", "older,oldest")
    settings = load_settings(env="production", secret_key=KEY)
    assert secret_keys(settings) == [KEY, "older", "oldest"]
    assert not Path(".starmodel").exists()


def test_development_key_is_generated_once_with_private_mode() -> None:
    first = secret_keys(load_settings())
    assert secret_keys(load_settings()) == first
    assert len(first[0]) >= 32
    path = Path(".starmodel/secret_key")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Path(".starmodel/.gitignore").read_text() == "*\n"
    assert sorted(p.name for p in path.parent.iterdir()) == [".gitignore", "secret_key"]


def test_development_key_without_hard_links_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError("no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    assert secret_keys(load_settings()) == secret_keys(load_settings())


def test_damaged_development_key_raises() -> None:
    secret_keys(load_settings())
    Path(".starmodel/secret_key").write_text("")
    with pytest.raises(ConfigurationError, match="Delete the file"):
        secret_keys(load_settings())


def test_development_key_in_an_unwritable_folder_raises() -> None:
    Path(".starmodel").write_text("a file, not a folder")
    with pytest.raises(ConfigurationError, match="set STARMODEL_SECRET_KEY"):
        secret_keys(load_settings())


def test_origins_name_the_source_of_every_setting(
    toml: Callable[[str], object], dotenv: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    toml('[starmodel]\ntheme = "teal"\ntitle = "t"\n[starmodel.development]\nassets = "cdn"\n')
    dotenv("STARMODEL_TITLE=d\n")
    monkeypatch.setenv("REDIS_URL", "redis://plain")
    settings = Settings(max_streams=5)
    assert set(settings.origins) == set(Settings.model_fields)
    text = {name: origin for name, origin in settings.origins.items() if origin != "the default"}
    assert text == {
        "theme": "[starmodel] of starmodel.toml",
        "assets": "[starmodel.development] of starmodel.toml",
        "title": "STARMODEL_TITLE in .env",
        "redis_url": "REDIS_URL in the environment",
        "max_streams": "an argument",
    }


def test_origins_exclude_inactive_profiles(
    toml: Callable[[str], object],
) -> None:
    toml('[starmodel]\ntitle = "all"\n[starmodel.production]\ntitle = "live"\ntheme = "red"\n')
    origins = load_settings().origins
    assert origins["title"] == "[starmodel] of starmodel.toml"
    assert origins["theme"] == "the default"


def test_origin_of_a_derived_cookie_secure_is_public_url() -> None:
    assert Settings(public_url="https://a.example").origins["cookie_secure"] == "public_url"
    given = Settings(public_url="https://a.example", cookie_secure=False)
    assert given.origins["cookie_secure"] == "an argument"


def test_settings_from_equal_sources_are_equal() -> None:
    assert Settings(title="x") == Settings(title="x")


def test_empty_prefixed_variable_does_not_override_the_plain_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("STARMODEL_DATABASE_URL", "")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///plain.db")
    assert load_settings().database_url == "sqlite:///plain.db"


def test_unknown_profile_raises_with_the_valid_ones(toml: Callable[[str], object]) -> None:
    toml('[starmodel.prod]\ntitle = "live"\n')
    assert (
        "Unknown profile 'prod' (from [starmodel] of starmodel.toml). Profiles are "
        "[starmodel.development] and [starmodel.production]. Did you mean 'production'?"
    ) in refusal()


def test_application_exposes_its_settings() -> None:
    from starmodel import create_app

    app = create_app([], title="Shop", secret_key=KEY)
    assert app.starmodel.settings.title == "Shop"
    assert app.starmodel.settings.origins["title"] == "an argument"


def test_chosen_env_reads_each_source_by_precedence(
    toml: Callable[[str], object], dotenv: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chosen_env() == "development"
    toml('[starmodel]\nenv = "a"\n[starmodel.production]\ntitle = "live"\n')
    assert chosen_env() == "a"
    dotenv("STARMODEL_ENV=b\n")
    assert chosen_env() == "b"
    monkeypatch.setenv("STARMODEL_ENV", "c")
    assert chosen_env(max_stream=1) == "c"


def test_options_of_pydantic_settings_are_not_settings() -> None:
    assert "Unknown setting '_env_file' (from an argument)" in refusal(_env_file="other.env")
    assert "Unknown setting 'TITLE' (from an argument)" in refusal(TITLE="x")


def test_variables_are_read_in_any_case(
    dotenv: Callable[[str], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("starmodel_theme", "zinc")
    dotenv("starmodel_title=d\n")
    settings = load_settings()
    assert (settings.theme, settings.title) == ("zinc", "d")
    assert settings.origins["theme"] == "STARMODEL_THEME in the environment"


def test_undecodable_dotenv_file_raises_with_its_name(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"STARMODEL_TITLE=\xff\n")
    assert refusal().startswith(".env cannot be read: ")


def test_list_in_the_settings_file_is_an_array(toml: Callable[[str], object]) -> None:
    toml('[starmodel]\nallowed_hosts = ["a.example", "b.example"]\n')
    assert load_settings().allowed_hosts == ["a.example", "b.example"]


def test_unknown_names_and_invalid_values_of_one_start_raise_the_names_first(
    toml: Callable[[str], object],
) -> None:
    toml('[starmodel]\nmax_streams = "ten"\nthem = "red"\n')
    text = refusal()
    assert "Unknown setting 'them' (from [starmodel] of starmodel.toml)" in text
    assert "max_streams' cannot be" not in text


# Plugins


def test_settings_of_plugins_come_from_the_file_the_dotenv_and_the_environment(
    toml, dotenv, monkeypatch
):
    toml('[starmodel]\ntitle = "Shop"\n[starmodel.plugin.backup]\nfolder = "a"\nkeep = 3\n')
    dotenv("STARMODEL_PLUGIN_BACKUP__FOLDER=b\nSTARMODEL_PLUGIN_MY_MAIL__HOST=h\n")
    monkeypatch.setenv("STARMODEL_PLUGIN_BACKUP__KEEP", "9")
    settings = load_settings()
    assert settings.plugin_settings == {
        "backup": {"folder": "b", "keep": "9"}, "my_mail": {"host": "h"},
    }  # fmt: skip
    assert settings.plugin_origins == {
        "backup": {
            "folder": "STARMODEL_PLUGIN_BACKUP__FOLDER in .env",
            "keep": "STARMODEL_PLUGIN_BACKUP__KEEP in the environment",
        },
        "my_mail": {"host": "STARMODEL_PLUGIN_MY_MAIL__HOST in .env"},
    }
    assert settings.title == "Shop"


@pytest.mark.parametrize("text", ["plugin = 3", "[starmodel.plugin]\nbackup = 3"])
def test_plugin_settings_outside_a_table_are_refused(toml, text):
    toml(f"[starmodel]\n{text}\n" if "[" not in text else text)
    with pytest.raises(ConfigurationError, match=r"such as \[starmodel.plugin.backup\]"):
        load_settings()


def test_names_of_plugins_are_validated(monkeypatch):
    monkeypatch.setenv("STARMODEL_PLUGINS_DISABLED", "audit, My-Plugin")
    assert "must be lower-case letters" in refusal()
