"""Sign-in with users and passwords: the plugin `Auth`, and `User`, the base of your own class."""

from starmodel.plugins.built_in.auth import Auth
from starmodel.plugins.built_in.auth.users.user import User

__all__ = ["Auth", "User"]
