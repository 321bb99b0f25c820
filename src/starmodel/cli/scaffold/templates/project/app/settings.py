"""What this application decides for every machine that it runs on.

What differs between machines (secret key, database, env) belongs into `.env` or the
environment instead: a value that stands here wins over both.
"""

from starmodel import Settings

settings = Settings(
    title="PROJECT_TITLE",
    theme="blue",  # or green, rose, violet, zinc, …: a wrong one lists them all
)
