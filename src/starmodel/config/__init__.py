"""Settings, parsed and validated once from arguments, environment variables and files."""

from starmodel.config.precedence import chosen, chosen_env
from starmodel.config.secret_key import secret_keys
from starmodel.config.settings import Settings, load_settings

__all__ = [
    "Settings",
    "chosen",
    "chosen_env",
    "load_settings",
    "secret_keys",
]
