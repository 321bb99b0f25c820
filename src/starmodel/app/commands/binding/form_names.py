"""The names in a body that belong to the protocol of forms rather than to an event.

Every other name is a parameter of the event, or an error.
"""

from __future__ import annotations

WAS = "_was"
"""What an edit form remembers of the fields it was filled with (see `binding.edited_fields`)."""

BROWSER = "_browser"
"""The states of browser stores, and what the page shows (see `sessions.browser_state`)."""

SEVERAL = "_several."
"""Before a name: the value was a list, even when nothing is chosen."""

REST = "_rest."
"""Before a name: the whole date or time of which the input shows a part."""

EXACT = "_exact."
"""Before a name: the value that the input stands for while its text is unchanged."""

FIELD = "_field."
"""Before a name that would hide a property of the form element, such as `id` or `action`."""
