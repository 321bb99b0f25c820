"""Reserved names on the wire, which generated pages write and the server reads.

`frontend/src/base/wire_names.js` has the same names for the browser. In a form body any
name besides these must be a parameter of the event.
"""

from __future__ import annotations

ORIGINALS = "_originals"
"""The digests of the rendered fields of an edit form (see `binding.edited_fields`)."""

BROWSER = "_browser"
"""The serialised browser state of the request (see `sessions.browser_state`)."""

SEVERAL = "_several."
"""Prefix: the value is a list, also with no option selected."""

RECORDS = "_records."
"""Prefix: the value is a list of ids; has those that the input displayed, as JSON."""

REST = "_rest."
"""Prefix: the full datetime that the input displays with less precision."""

EXACT = "_exact."
"""Prefix: the exact value, valid while the text of the input is unchanged."""

SEARCH, SHOWN = "_search.", "_shown."
"""Prefixes: the text in a record's input, and the text that it had when the page was rendered."""

FIELD = "_field."
"""Prefix of names that would shadow a DOM property of the form, such as `id` or `action`."""

ROWS = "_rows."
"""Prefix: the values below the name are rows, in the order of the form; "null" makes none None."""

KEPT_ROW = "_row."
"""Prefix of a row's name: the row is a value, also when its inputs are empty."""

GIVEN = "_given."
"""Prefix: "false" makes the value None, whatever its inputs contain."""

PERCENT = "_percent."
"""Prefix: the number is a percentage, also when its sign was not typed."""

ROW_CHANGE = "_change"
"""A submit button that changes the rows of the form: "add tags", "remove tags.3", "up tags.3"."""

SEVERAL_SUFFIX = "[]"
"""Suffix: the name of each of several values."""

BULK_EVENT, BULK_IDS = "event", "id"
"""The fields of a bulk form: the event's name, and the ids of the chosen records."""

BULK_MATCHING = "matching"
"""The field of a request for all records of a list: its query string, in the place of ids."""

NEXT, ADD_ANOTHER = "_next", "another"
"""Where a saved form leads to: with the value "another", to the form of a new record."""

COPY = "_copy_of"
"""The query parameter of the record that a new one begins as a copy of."""

BULK_ASK, CONFIRMED = "ask", "confirmed"
"""Fields of a bulk request: ask what it would do; the visitor has agreed on a page."""

CHECK_HEADER = "starmodel-check"
"""Request header: validate the form without running its event."""

STATUS_HEADER = "starmodel-status"
"""Response header: the status of a refused event, whose patches are sent with 200."""

SESSION_HEADER = "starmodel-session"
"""Request header: the tag of the session that the page was rendered for."""

PAGE_HEADER = "starmodel-page"
"""Request header of a page whose stream is open."""
