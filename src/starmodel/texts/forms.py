"""The English texts of forms on pages of their own: saving, leaving, drafts and neighbours."""

from __future__ import annotations

FORMS = {
    "form.add_another": "Save and add another",
    "form.cancel": "Cancel",
    "form.duplicate": "Duplicate",
    "form.leave": "Leave without saving? Your changes are kept as a draft in this browser.",
    "form.leave_yes": "Leave",
    "form.discard": "Discard your changes?",
    "form.discard_yes": "Discard",
    "form.stay": "Stay",
    "form.draft": "Draft of {time} restored.",
    "form.draft_older": "Draft of {time} restored. The record has changed since then.",
    "form.draft_discard": "Discard draft",
    "form.away": "The server can't be reached. What you typed is kept.",
    "form.away_saving": "The server can't be reached. What you typed is kept, and saving is tried "
    "again.",
    "form.refused": "Check the marked fields.",
    "record.neighbours": "Records of the list",
    "record.previous": "Previous",
    "record.next": "Next",
    "record.previous_named": "Previous: {title}",
    "record.next_named": "Next: {title}",
}
