"""Settings of this application that are equal in every environment.

Secret key, database URL and env belong into `.env` or environment variables: a value in this
module overrides both.
"""

from starmodel import Settings

settings = Settings(
    title="PROJECT_TITLE",
    # [starlette]
    web="starlette",
    # [end]
    theme="blue",  # or green, rose, violet, zinc, …: an invalid value lists them all
)
