"""Words that were typed to search for a record, in the place of the id of a chosen one."""

from __future__ import annotations


class SearchWords(str):
    """Text of a record's input that names no chosen record; never an id.

    A form without JavaScript sends it. It binds to no argument, and the form that is shown
    again offers the records that match.
    """

    __slots__ = ()
