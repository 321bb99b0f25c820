"""Access rules as expressions: `access=role("staff") | owner("user_id")`."""

from starmodel.app.access.expressions.comparisons import actor, form, now, owner, record
from starmodel.app.access.expressions.expression import mfa, role

__all__ = ["actor", "form", "mfa", "now", "owner", "record", "role"]
