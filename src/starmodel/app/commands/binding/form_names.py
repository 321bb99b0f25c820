"""Reserved names in form bodies. Any other key must be a parameter of the event."""

from __future__ import annotations

WAS = "_was"
"""The digests of the rendered fields (see `binding.edited_fields`)."""

BROWSER = "_browser"
"""The serialised browser state of the request (see `sessions.browser_state`)."""

SEVERAL = "_several."
"""Prefix: the value is a list, also with no option selected."""

REST = "_rest."
"""Prefix: the full datetime that the input displays with less precision."""

EXACT = "_exact."
"""Prefix: the exact value, valid while the text of the input is unchanged."""

FIELD = "_field."
"""Prefix of names that would shadow a DOM property of the form, such as `id` or `action`."""
