"""The English texts that the browser's modules display, which each page has as data."""

from __future__ import annotations

BROWSER = {
    "browser.lost": "Connection lost. Trying to reconnect\u2026",
    "browser.refused": "The server didn't accept that. Try again.",
    "browser.no_cookies": "This page needs cookies, which your browser blocks. Nothing was done.",
    "browser.ended": "Your session has ended, so nothing was done.",
    "browser.other_session": "This page no longer belongs to your session.",
    "browser.old": "This page is older than the server.",
    "browser.reload": "{why} Reload this page when you are ready.",
    "browser.delayed": "This page shows changes with a delay, because too many windows of this "
    "site are open. Close or hide one of them.",
    "browser.failed": "The application has an error.",
    "browser.failed_now": "The application has an error. This page continues when it is fixed.",
    "browser.full": "This browser's storage is full or blocked. Your changes last until you leave "
    "this page.",
    "browser.dismiss": "Dismiss",
    "browser.close": "Close",
    "browser.cancel": "Cancel",
    "browser.show": "Show the list",
    "browser.fill_in": "Please fill this in.",
    "browser.number": "Enter a number.",
    "browser.date": "Enter a whole date.",
    "browser.datetime": "Enter a whole date and time.",
    "browser.time": "Enter a whole time.",
    "browser.email": "Enter an e-mail address, such as ann@example.org.",
    "browser.url": "Enter a web address that begins with https.",
    "browser.file": "Choose a file.",
    "browser.file_size": "The file may have at most {size}.",
    "browser.files_size": "Together at most {size} are possible.",
    "browser.bytes": "{n} bytes",
}
