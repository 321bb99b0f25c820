"""The English texts, by the place where a visitor reads them.

A parameter is written "{name}"; "{name:lower}" is it in lower case, and
"{name:size}" a number of bytes with its unit.
"""

from __future__ import annotations

from collections.abc import Mapping

from starmodel.texts.accounts import ACCOUNT, SIGN_IN
from starmodel.texts.choosing import CHOOSING
from starmodel.texts.credentials import ATTEMPTS, CONFIRMATION, PASSWORDS, TOKENS
from starmodel.texts.emails import BY_MAIL, EMAILS
from starmodel.texts.forms import FORMS
from starmodel.texts.lists import LISTS
from starmodel.texts.records import DELETING, TOASTS
from starmodel.texts.workflows import WORKFLOWS

Text = str | Mapping[str, str]

_VALUES: dict[str, Text] = {
    "value.missing": "Please fill this in.",
    "value.min_characters": "At least {min_length} characters.",
    "value.max_characters": "At most {max_length} characters.",
    "value.min_items": "At least {min_length}, please.",
    "value.max_items": "At most {max_length}, please.",
    "value.more_than": "More than {bound}, please.",
    "value.at_least": "At least {bound}, please.",
    "value.less_than": "Less than {bound}, please.",
    "value.at_most": "At most {bound}, please.",
    "value.multiple_of": "A multiple of {factor}, please.",
    "value.one_of": "One of {expected}, please.",
    "value.pattern": "This does not have the expected form.",
    "value.pattern_like": "Please write it like {example}.",
    "value.finite": "A finite number, please.",
    "value.int": "A whole number, please.",
    "value.number": "A number, please.",
    "value.which_number": "Please write {one} or {other}.",
    "value.bool": "Yes or no, please.",
    "value.date": "A date, please, such as 2026-11-24.",
    "value.datetime": "A date and time, please, such as 2026-11-24 16:30.",
    "value.time": "A time, please, such as 16:30.",
    "value.url": "An address, please, such as https://example.org.",
    "value.uuid": "A UUID, please.",
    "value.given": "Has {title:lower}",
    "value.json": "JSON, please.",
    "value.json_at": "JSON, please: line {line}, column {column} can't be read.",
    "value.key_twice": "This name is used twice.",
    "value.empty": "must not be empty",
    "value.private": "This can't be saved as it is.",
    "value.not_here": "This can't be filled in here.",
    "value.unknown_part": "{name} is unknown.",
    "value.taken": "Is taken.",
    "value.fixed": "Can't be changed.",
    "value.no_record": "{title} refers to a record that does not exist.",
    "value.goes_not_with": "This {title:lower} does not go with: {others:lower}.",
    "value.others_go_not_with": "Some {things:lower} do not go with this {title:lower}.",
    "value.no_choice": "This {title:lower} can't be chosen.",
    "value.no_such": "This {title:lower} does not exist any more. Choose another one.",
    "value.out_of_bounds": "This {problem}.",
    "bounds.depth": "is nested deeper than {depth} levels",
    "bounds.values": "has more than {values} values",
    "bounds.items": "has a list or object of more than {items} items",
    "bounds.rows": "has more than {rows} rows",
    "bounds.lines": "has more than {lines} lines",
    "bounds.digits": "has more than {digits} digits",
    "bounds.long_number": "has a number of more than {digits} digits",
    "bounds.large_number": "has a number that is too large",
    "bounds.keys": "has more than {keys} numbers or other keys that are no texts",
}

_ROWS: dict[str, Text] = {
    "rows.add": "Add {item:lower}",
    "rows.remove": "Remove",
    "rows.up": "Move up",
    "rows.down": "Move down",
    "rows.added": "Added.",
    "rows.removed": "Removed.",
    "rows.moved": "Moved to {n} of {total}.",
    "rows.key": "Name",
    "rows.value": "Value",
}

_FILES: dict[str, Text] = {
    "file.missing": "Please choose a file.",
    "file.single": "Please choose one file.",
    "file.unwanted": "This takes no file.",
    "file.max_size": "At most {max_bytes:size}, please.",
    "file.max_request": "At most {max_bytes:size} in all, please.",
    "file.kinds": "Please choose a file of type {kinds}.",
}

_CONSTRAINTS: dict[str, Text] = {
    "constraint.refused": "{title} can't be stored: {reason}",
    "constraint.referred": "{title} can't be deleted: other records refer to it.",
    "constraint.unique": "{titles} is already taken.",
    "constraint.unique_together": "{titles} together is already taken.",
    "constraint.foreign": "{title} refers to a record that does not exist.",
    "constraint.null": "{title} is required.",
    "constraint.check": "{titles} breaks a rule of the database: {rule}.",
    "constraint.check_together": "{titles} together breaks a rule of the database: {rule}.",
    "constraint.value": "{title} has a value that the database can't keep.",
    "constraint.column": "{title} {problem}.",
    "constraint.computed": "{title} is worked out by the database.",
    "constraint.some_unique": "A value is already taken.",
    "constraint.some_foreign": "It refers to a record that does not exist.",
    "constraint.some_null": "A required value is missing.",
    "constraint.some_check": "A rule of the database forbids it.",
    "constraint.some_value": "The database can't keep one of its values.",
}

_BROWSER_STATES: dict[str, Text] = {
    "browser_state.keys": "{field} has more than {keys} numbers in sets or as keys, which is "
    "more than a browser may bring back. Remove something first.",
    "browser_state.size": "{entity} would take {size} bytes in the browser; at most {most} are "
    "kept there. Remove something first.",
    "browser_state.sent": "The state of {entity} has {size} bytes; expected at most {most}. "
    "Clear what this site has stored in the browser.",
}

_CONFLICTS: dict[str, Text] = {
    "conflict.field": "Somebody changed this to \u201c{value}\u201d meanwhile. "
    "Save again to keep yours.",
    "conflict.field_emptied": "Somebody changed this to nothing meanwhile. "
    "Save again to keep yours.",
    "conflict.form": "What this form remembers can't be read. Load the form again.",
    "conflict.changed": "Somebody else changed this at the same time. "
    "Load it again and repeat your change.",
    "conflict.precondition": "This has changed since it was read, so nothing was done. "
    "Load it again and repeat your change.",
}

_ACCESS: dict[str, Text] = {
    "access.sign_in_to_see": "Sign in first: only who is signed in may see this.",
    "access.sign_in_to_do": "Sign in first: only who is signed in may do this.",
    "access.sign_in_to_own": "Sign in first: this belongs to whoever is signed in.",
    "access.sign_in_here": "In development, open the link that the server printed at its start.",
    "access.not_seen": "You may not see this.",
    "access.not_done": "You may not do this.",
    "access.not_granted": "This token does not include that.",
    "access.invalid_token": "This token is not valid: it is unknown, expired or revoked.",
    "access.not_set": "You may not set {title}.",
    "access.signed_out": "You were signed out meanwhile. Sign in and try again.",
    "access.unknown_page": "This page's token is not one of ours.",
    "access.other_session": "This page's token belongs to another session.",
    "access.other_actor": "This page was made before somebody else signed in. Reload it.",
}

_PROBLEMS: dict[str, Text] = {
    "record.not_found": (
        "This {title:lower} can't be found. It may have been deleted, or the link is incomplete."
    ),
    "record.gone": "This {title:lower} was removed.",
    "record.all": "All {things:lower}",
    "record.missing": "{entity} {id} does not exist.",
    "record.removed": "{entity} {id} was removed.",
    "problem.no_page": "There is nothing at {path}.",
    "problem.method": "{path} answers {allowed}, not {method}.",
    "problem.missing": "Please fill in {name}, which is missing in this request.",
    "problem.unreadable": "A value in this request can't be read as what is expected.",
    "problem.unexpected": "Something went wrong on our side. It has been logged.",
    "problem.unavailable": "The data can't be reached right now, and nothing was changed. "
    "Try again in a moment.",
    "problem.busy": "This is busy right now, and nothing was changed. Try again in a moment.",
    "problem.forbidden": "This can't be done here, and nothing was changed.",
    "problem.session": "Signing in or out did not work, because the data can't be reached "
    "right now. Try again in a moment.",
    "problem.full": "There is no room to store this at the moment, and nothing was changed.",
    "problem.in_doubt": "The connection to the data was lost, so it is not known whether this "
    "was done. Look before you do it again.",
    "problem.running": "This is still being done. Please wait a moment and look at the page.",
    "problem.reused": "This was sent before with other contents. Please reload the page.",
    "problem.list": "This address does not fit its list. Please open the list and choose again.",
    "problem.redirect": "This would lead to another site, so it was not followed.",
    "problem.redirect_loop": "This address leads back to itself.",
    "problem.scan_rule": "More than {limit} records would have to be read: the rule {rule} "
    "decides about each of them. Narrow the list by a filter or a search, or raise the setting "
    "access_scan_limit.",
    "problem.scan": "More than {limit} records would have to be read: the read rule of "
    "{things:lower} decides about each of them. Narrow the list by a filter or a search, or "
    "raise the setting access_scan_limit.",
    "problem.scan_store": "More than {limit} {things:lower} would have to be read for this. Narrow "
    "the list by another filter. {hint}",
    "problem.slow": "Your connection was slow, so some steps were not shown. "
    "Reload this page to see all.",
    "problem.no_script": "{names} is kept in your browser, which needs JavaScript. "
    "Nothing was changed.",
    "streams.server": "The server has {most} live pages and streams open; try again later.",
    "streams.session": "This session has {most} live pages or streams open; close some of them.",
    "streams.lists": "This session has {most} live lists open; close some of its pages or streams.",
    "streams.topics": "This session watches {most} things at once; close some of its pages.",
    "streams.address": "This address has {most} live pages or streams open; close some of them.",
    "heading.400": "This can't be shown",
    "heading.401": "Please sign in",
    "heading.403": "Not allowed",
    "heading.404": "Not found",
    "heading.410": "Removed",
    "heading.500": "Something went wrong",
    "heading.503": "Not available right now",
}

_PAGES: dict[str, Text] = {
    "page.language": "en",
    "page.skip": "Skip to content",
    "page.menu": "Menu",
    "page.create": "Create {title:lower}",
    "page.navigation": "Main",
    "page.theme": "Switch between light and dark",
    "page.visitor": "Not signed in",
    "page.described": "{things} of {site}",
    "page.start": "Back to the start",
    "start.new": "New {title:lower}",
    "start.count": {"one": "{count} {title:lower}", "other": "{count} {things:lower}"},
    "start.newest": "Newest {things:lower}",
    "page.nothing": "There is nothing here for you yet.",
    "page.nothing_hint": "Sign in to see what is here for you.",
    "slot.failed": "This part of the page can't be shown right now.",
    "slot.slow": "This part of the page took too long. Reload the page to try again.",
    "page.dismiss": "Dismiss",
    "page.working": "Working\u2026",
    "page.removed": "This {entity} was removed.",
    "page.expired": "This {entity} has expired.",
    "page.closed": "This {entity} is no longer open to you.",
    "page.browser_state": {
        "one": "{names} is kept in your browser, which needs JavaScript. You see how it begins; "
        "changes can't be kept.",
        "other": "{names} are kept in your browser, which needs JavaScript. You see how it "
        "begins; changes can't be kept.",
    },
    "joined.and": "{first} and {second}",
    "joined.sentences": "{first} {second}",
}

_RECORDS: dict[str, Text] = {
    "record.new": "New {title:lower}",
    "record.open": "Open",
    "record.edit": "Edit {title}",
    "record.edit_any": "Edit {title:lower}",
    "record.actions": "Actions",
    "record.more": "More",
    "record.menu_label": "More",
    "record.copy_id": "Copy id",
    "record.id_copied": "The id is copied.",
    "event.create": "Create",
    "event.save": "Save",
    "event.update": "Update",
    "event.edit": "Edit",
    "event.delete": "Delete",
    "event.done": "{event}: done.",
    "event.delete_confirm": "Delete this for good?",
}

_CHILDREN: dict[str, Text] = {
    "children.add": "Add {title:lower}",
    "children.all": "Show all {total} in the list",
    "inlines.add": "Add {title:lower}",
    "inlines.remove": "Remove",
    "inlines.remove_row": "Remove {row}",
    "inlines.up": "Move up",
    "inlines.down": "Move down",
    "inlines.gone": "This has been removed meanwhile.",
    "inlines.twice": "This entry is listed twice.",
    "inlines.max_rows": "At most {most} at once, please.",
    "inlines.malformed": "A list of entries, please.",
    "inlines.more": "Only the first {most} can be edited here.",
    "children.new": "New {title:lower} for {parent}",
}

_SHOWN: dict[str, Text] = {
    "shown.yes": "Yes",
    "shown.no": "No",
    "shown.keys": "{count} keys",
    "shown.not_available": "Not available",
    "shown.more": "and more",
    "shown.date": "{day} {month} {year}",
    "shown.moment": "{date}, {time}",
    "month.1": "Jan",
    "month.2": "Feb",
    "month.3": "Mar",
    "month.4": "Apr",
    "month.5": "May",
    "month.6": "Jun",
    "month.7": "Jul",
    "month.8": "Aug",
    "month.9": "Sep",
    "month.10": "Oct",
    "month.11": "Nov",
    "month.12": "Dec",
}

# The texts by the place where they are read, for the reference.
PLACES: Mapping[str, Mapping[str, Text]] = {
    "Beside an input: a value that is refused": _VALUES,
    "In an editor of rows": _ROWS,
    "Beside an input for files": _FILES,
    "An input that chooses a record": CHOOSING,
    "A change that a database refuses": _CONSTRAINTS,
    "State in the browser": _BROWSER_STATES,
    "Two changes to one record": _CONFLICTS,
    "Access and sign-in": _ACCESS,
    "Signing in, and creating an account": SIGN_IN,
    "The account page": ACCOUNT,
    "Passwords": PASSWORDS,
    "Pages that are opened from an e-mail": BY_MAIL,
    "E-mails": EMAILS,
    "Attempts to sign in": ATTEMPTS,
    "Tokens on the account page": TOKENS,
    "Confirming the password for an important event": CONFIRMATION,
    "A request that failed": _PROBLEMS,
    "Around every page": _PAGES,
    "Records, forms and events": _RECORDS,
    "Saving and leaving a form": FORMS,
    "What the state of a record makes possible": WORKFLOWS,
    "Deleting records, and what goes along": DELETING,
    "Toasts after an event": TOASTS,
    "Children of a record": _CHILDREN,
    "Lists": LISTS,
    "Values on pages": _SHOWN,
}
TEXTS: Mapping[str, Text] = {key: text for texts in PLACES.values() for key, text in texts.items()}
