"""The English texts, by the place where a visitor reads them.

A parameter is written "{name}"; "{name:lower}" is it in lower case, and
"{name:size}" a number of bytes with its unit.
"""

from __future__ import annotations

from collections.abc import Mapping

from starmodel.texts.accounts import ACCOUNT, SIGN_IN
from starmodel.texts.browser import BROWSER
from starmodel.texts.choosing import CHOOSING
from starmodel.texts.components import COMPONENTS
from starmodel.texts.credentials import ATTEMPTS, CONFIRMATION, PASSWORDS, TOKENS
from starmodel.texts.emails import BY_MAIL, EMAILS
from starmodel.texts.filters import FILTERS
from starmodel.texts.forms import FORMS
from starmodel.texts.lists import LISTS
from starmodel.texts.records import DELETING, TOASTS
from starmodel.texts.workflows import WORKFLOWS

Text = str | Mapping[str, str]

_VALUES: dict[str, Text] = {
    "value.missing": "Please fill this in.",
    "value.min_characters": {
        "one": "At least {min_length} character.",
        "other": "At least {min_length} characters.",
    },
    "value.max_characters": {
        "one": "At most {max_length} character.",
        "other": "At most {max_length} characters.",
    },
    "value.min_items": {
        "one": "Add at least {min_length} entry.",
        "other": "Add at least {min_length} entries.",
    },
    "value.max_items": {
        "one": "At most {max_length} entry is possible.",
        "other": "At most {max_length} entries are possible.",
    },
    "value.more_than": "Must be greater than {bound}.",
    "value.at_least": "Must be at least {bound}.",
    "value.less_than": "Must be less than {bound}.",
    "value.at_most": "Must be at most {bound}.",
    "value.multiple_of": "Must be a multiple of {factor}.",
    "value.one_of": "Must be one of {expected}.",
    "value.pattern": "This doesn't have the expected form.",
    "value.pattern_like": "Write it like {example}.",
    "value.finite": "Enter a finite number.",
    "value.int": "Enter a whole number.",
    "value.number": "Enter a number.",
    "value.which_number": "Write {one} or {other}.",
    "value.bool": "Choose yes or no.",
    "value.date": "Enter a date, such as 2026-11-24.",
    "value.datetime": "Enter a date and time, such as 2026-11-24 16:30.",
    "value.time": "Enter a time, such as 16:30.",
    "value.url": "Enter a web address, such as https://example.org.",
    "value.uuid": "Enter a UUID.",
    "value.text": "Enter a text.",
    "value.list": "Enter a list.",
    "value.object": "Enter an object with names and values.",
    "value.ascii": "Use unaccented letters, digits and common signs only.",
    "value.none": "Leave this empty.",
    "value.unknown": "This field is unknown.",
    "value.invalid": "This value isn't possible here.",
    "value.past": "Choose a date in the past.",
    "value.future": "Choose a date in the future.",
    "value.with_zone": "Add the time zone, such as +02:00.",
    "value.without_zone": "Leave the time zone out.",
    "value.other_zone": "This is the time of another time zone.",
    "value.duration": "Enter a duration, such as 01:30:00.",
    "value.max_digits": {"one": "At most {digits} digit.", "other": "At most {digits} digits."},
    "value.max_places": {
        "one": "At most {places} decimal.",
        "other": "At most {places} decimals.",
    },
    "value.max_whole_digits": {
        "one": "At most {digits} digit before the decimal point.",
        "other": "At most {digits} digits before the decimal point.",
    },
    "value.max_bytes": {"one": "At most {max_bytes} byte.", "other": "At most {max_bytes} bytes."},
    "value.given": "Has {title:lower}",
    "value.json": "Enter JSON.",
    "value.json_at": "Enter JSON: line {line}, column {column} can't be read.",
    "value.key_twice": "This name is used twice.",
    "value.empty": "must not be empty",
    "value.private": "This can't be saved as it is.",
    "value.not_here": "This can't be filled in here.",
    "value.unknown_part": "{name} is unknown.",
    "value.taken": "This is already taken.",
    "value.fixed": "This can't be changed.",
    "value.no_record": "{title} refers to a record that doesn't exist.",
    "value.goes_not_with": "This {title:lower} doesn't go with: {others:lower}.",
    "value.others_go_not_with": "Some {things:lower} don't go with this {title:lower}.",
    "value.no_choice": "This {title:lower} can't be chosen.",
    "value.no_such": "This {title:lower} no longer exists. Choose another one.",
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
    "file.missing": "Choose a file.",
    "file.single": "Choose one file only.",
    "file.unwanted": "This takes no file.",
    "file.max_size": "The file may have at most {max_bytes:size}.",
    "file.max_request": "Together at most {max_bytes:size} are possible.",
    "file.kinds": "Choose a file of type {kinds}.",
}

_CONSTRAINTS: dict[str, Text] = {
    "constraint.refused": "{title} can't be stored: {reason}",
    "constraint.referred": "{title} can't be deleted: other records refer to it.",
    "constraint.unique": "{titles} is already taken.",
    "constraint.unique_together": "{titles} together is already taken.",
    "constraint.foreign": "{title} refers to a record that doesn't exist.",
    "constraint.null": "{title} is required.",
    "constraint.check": "{titles} breaks a rule of the database: {rule}.",
    "constraint.check_together": "{titles} together breaks a rule of the database: {rule}.",
    "constraint.value": "{title} has a value that the database can't keep.",
    "constraint.column": "{title} {problem}.",
    "constraint.computed": "{title} is calculated by the database.",
    "constraint.some_unique": "A value is already taken.",
    "constraint.some_foreign": "It refers to a record that doesn't exist.",
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
    "conflict.field": "Somebody has changed this to “{value}” in the meantime. Save again to keep "
    "yours.",
    "conflict.field_emptied": "Somebody has emptied this in the meantime. Save again to keep "
    "yours.",
    "conflict.form": "This form is out of date. Load it again.",
    "conflict.changed": "Somebody else changed this at the same time. "
    "Load it again and repeat your change.",
    "conflict.precondition": "This has changed since it was read, so nothing was done. "
    "Load it again and repeat your change.",
}

_ACCESS: dict[str, Text] = {
    "access.sign_in_to_see": "Sign in to see this.",
    "access.sign_in_to_do": "Sign in to do this.",
    "access.sign_in_to_own": "Sign in to use this: it belongs to your account.",
    "access.sign_in_here": "In development, open the link that the server printed at its start.",
    "access.not_seen": "You don't have permission to see this.",
    "access.not_done": "You don't have permission to do this.",
    "access.not_seen_of": "You don't have permission to see {things:lower}.",
    "access.not_done_of": "You don't have permission to {event:lower} {things:lower}.",
    "access.not_granted": "This token doesn't permit that.",
    "access.invalid_token": "This token is not valid: it is unknown, expired or revoked.",
    "access.not_set": "You don't have permission to change {title}.",
    "access.signed_out": "You have been signed out. Sign in and try again.",
    "access.unknown_page": "This page is out of date. Reload it.",
    "access.other_session": "This page belongs to another session. Reload it.",
    "access.other_actor": "Somebody else has signed in since. Reload this page.",
}

_PROBLEMS: dict[str, Text] = {
    "record.not_found": (
        "This {title:lower} can't be found. It may have been deleted, or the link is incomplete."
    ),
    "record.gone": "This {title:lower} has been removed.",
    "record.all": "All {things:lower}",
    "record.missing": "{entity} {id} does not exist.",
    "record.removed": "{entity} {id} has been removed.",
    "problem.no_page": "There is nothing at {path}.",
    "problem.method": "{path} takes {allowed}, not {method}.",
    "problem.missing": "{name} is missing in this request.",
    "problem.unreadable": "A value in this request can't be read.",
    "problem.unexpected": "Something went wrong on our side. It has been logged.",
    "problem.unavailable": "The data can't be reached right now, and nothing was changed. "
    "Try again in a moment.",
    "problem.busy": "This is busy right now, and nothing was changed. Try again in a moment.",
    "problem.forbidden": "This can't be done here, and nothing was changed.",
    "problem.session": "Signing in or out didn't work, because the data can't be reached right "
    "now. Try again in a moment.",
    "problem.full": "There is no room to store this at the moment, and nothing was changed.",
    "problem.in_doubt": "The connection to the data was lost, so this may or may not be done. "
    "Check before you try again.",
    "problem.running": "This is still being done. Please wait a moment and look at the page.",
    "problem.reused": "This was sent before with other contents. Please reload the page.",
    "problem.list": "This address doesn't fit its list. Open the list and choose again.",
    "problem.redirect": "This would lead to another site, so it was not followed.",
    "problem.redirect_loop": "This address leads back to itself.",
    "problem.scan_rule": "More than {limit} records would have to be read: the rule {rule} "
    "decides about each of them. Narrow the list by a filter or a search, or raise the setting "
    "access_scan_limit.",
    "problem.scan": "More than {limit} records would have to be read: the read rule of "
    "{things:lower} decides about each of them. Narrow the list by a filter or a search, or "
    "raise the setting access_scan_limit.",
    "problem.scan_store": "More than {limit} {things:lower} would have to be read for this. Narrow "
    "the list by another filter, or have an index made (index=True) for: {titles}.",
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
    "heading.405": "Not possible here",
    "heading.409": "Changed meanwhile",
    "heading.410": "Removed",
    "heading.413": "Too large",
    "heading.422": "Please check this",
    "heading.429": "Too many tries",
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
    "welcome.title": "Welcome to {site}",
    "welcome.about": "Nothing is stored yet. These steps fill it.",
    "welcome.create": "Create the first {title:lower}. Its page has everything one can do with it.",
    "welcome.list": "Open the {things:lower} in two windows: both show each change at once.",
    "welcome.source": "Change fields and events in the source file, and save it: the page follows.",
    "advice.401": "Once you are signed in, you can open this page again.",
    "advice.403": "If you need it, ask whoever looks after {site} for access.",
    "advice.404": "The address may be old or mistyped. Search for what you had in mind.",
    "advice.410": "It was deleted, or its time was over.",
    "advice.429": "Wait {seconds} seconds, then try again.",
    "advice.500": "Try again in a moment. If it stays, tell whoever looks after {site}.",
    "advice.503": "Try again in a moment.",
    "page.again": "Try again",
    "find.content": "Search everything",
    "find.title": "Search",
    "find.label": "Search",
    "find.submit": "Search",
    "find.commands": "Search or jump to\u2026",
    "find.hint": "Type at least two letters.",
    "find.none": "Nothing matches.",
    "find.failed": "The search did not answer. Please try again.",
    "find.searching": "Searching\u2026",
    "find.found": "{n} results",
    "find.all": {
        "one": "The {title:lower} that matches",
        "other": "All {count} {things:lower} that match",
    },
    "find.all_more": "All {things:lower} that match, more than {count}",
    "find.recent": "Recent",
    "find.pages": "Go to",
    "find.create": "Create",
    "find.events": "On this page",
    "find.account": "Account",
    "find.theme": "Switch between light and dark",
    "find.close": "Close",
    "find.keys": "Keyboard shortcuts",
    "find.keys_page": "Everywhere",
    "find.keys_list": "In lists",
    "find.keys_record": "On this page",
    "find.key_search": "Search",
    "find.key_palette": "Search and commands",
    "find.key_keys": "This overview",
    "find.key_down": "Next row",
    "find.key_up": "Previous row",
    "find.key_open": "Open the row",
    "find.key_select": "Select the row",
    "find.key_edit": "Edit the row",
    "page.nothing": "There is nothing here for you yet.",
    "page.nothing_hint": "Sign in to see what is here for you.",
    "slot.failed": "This part of the page can't be shown right now.",
    "slot.slow": "This part of the page took too long. Reload the page to try again.",
    "page.languages": "Language",
    "page.unknown_language": "This language is not available here.",
    "page.dismiss": "Dismiss",
    "page.working": "Working\u2026",
    "page.removed": "This {entity:lower} has been removed.",
    "page.expired": "This {entity:lower} has expired.",
    "page.closed": "You no longer have access to this {entity:lower}.",
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
    "inlines.gone": "This has been removed in the meantime.",
    "inlines.twice": "This entry is listed twice.",
    "inlines.max_rows": "At most {most} entries are possible at once.",
    "inlines.malformed": "This must be a list of entries.",
    "inlines.more": "Only the first {most} can be edited here.",
    "children.new": "New {title:lower} for {parent}",
}

_SHOWN: dict[str, Text] = {
    "shown.yes": "Yes",
    "shown.failed": "This can't be displayed",
    "shown.bar": "{value} of {max}",
    "shown.no": "No",
    "shown.keys": {"one": "{count} key", "other": "{count} keys"},
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
    "What the browser says by itself": BROWSER,
    "Components of own pages": COMPONENTS,
    "Filters": FILTERS,
    "Values on pages": _SHOWN,
}
TEXTS: Mapping[str, Text] = {key: text for texts in PLACES.values() for key, text in texts.items()}
