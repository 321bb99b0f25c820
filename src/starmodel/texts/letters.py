"""The English texts of letters by mail, and of the pages that their links open."""

from __future__ import annotations

from collections.abc import Mapping

BY_MAIL: dict[str, str | Mapping[str, str]] = {
    "by_mail.invalid_title": "This link is not valid",
    "by_mail.invalid": "This link or code is not valid any more. It may be used up or too old. "
    "Please ask for a new one.",
    "by_mail.off": "This is not available here.",
    "by_mail.sent_title": "Look into your mail",
    "forgot.title": "Forgotten password",
    "forgot.link": "Forgot your password?",
    "forgot.help": "We send a link to your address, by which you choose a new password.",
    "forgot.submit": "Send the link",
    "forgot.sent": "If {email} has an account here, a link is on its way. It is valid for an hour.",
    "reset.title": "Choose a new password",
    "reset.submit": "Save the password",
    "reset.done": "Your password is saved. Please sign in with it.",
    "confirm_address.title": "Confirm your address",
    "confirm_address.submit": "Confirm the address",
    "confirm_address.question": "{email} is your address, and this is your account?",
    "confirm_address.choose": "This is another browser than the one that created the account, so "
    "please choose the password of the account now. It replaces any that was chosen before.",
    "confirm_address.done": "Your address is confirmed.",
    "confirm_address.needed": "Your address is not confirmed yet.",
    "confirm_address.again": "Send the letter again",
    "confirm_address.sent": "A letter is on its way.",
    "mail_sign_in.title": "Sign in by mail",
    "mail_sign_in.link": "Sign in by mail instead",
    "mail_sign_in.help": "We send a code and a link to your address. You need no password.",
    "mail_sign_in.submit": "Send the code",
    "mail_sign_in.sent": "If {email} has an account here, a code is on its way. Type it here, in "
    "this browser, within ten minutes. Or open the link in the letter.",
    "mail_sign_in.code": "Code",
    "mail_sign_in.enter": "Sign in",
    "mail_sign_in.question": "Sign in as {email} in this browser?",
    "mail_sign_in.confirm": "Sign in",
    "invitation.title": "Welcome",
    "invitation.text": "You are invited with the address {email}. Choose a password, and your "
    "account is ready.",
    "invitation.submit": "Create the account",
    "invite.title": "Invite somebody",
    "invite.help": "A letter with a link is sent, by which the person creates an account. The "
    "link is valid for a week.",
    "invite.roles": "Roles",
    "invite.roles_help": "With commas between them. May be left empty.",
    "invite.wrong_role": "A role consists of letters, digits and _ . : -",
    "invite.submit": "Send the invitation",
    "invite.sent": "The invitation is on its way.",
}

LETTERS: dict[str, str | Mapping[str, str]] = {
    "letter.link": "If the button does not work, open this address: ",
    "letter.ignore": "If you did not ask for this, ignore this letter. Nothing was changed.",
    "letter.confirm.subject": "{site}: confirm your address",
    "letter.confirm.text": "An account was created at {site} with this address. Please confirm "
    "that it is yours.",
    "letter.confirm.button": "Confirm the address",
    "letter.confirm.end": "The link is valid for three days. If you did not create an account, "
    "ignore this letter.",
    "letter.known.subject": "{site}: you have an account",
    "letter.known.text": "Somebody, probably you, wanted to create an account at {site} with "
    "this address. It has one already: sign in, or choose a new password there.",
    "letter.known.button": "Sign in",
    "letter.known.end": "If that was not you, ignore this letter. Nothing was changed.",
    "letter.reset.subject": "{site}: choose a new password",
    "letter.reset.text": "A new password for your account at {site} was asked for. Choose it here.",
    "letter.reset.button": "Choose a new password",
    "letter.reset.end": "The link is valid for an hour, and once. If you did not ask for it, "
    "ignore this letter. Your password stays as it is.",
    "letter.sign_in.subject": "{site}: your code to sign in",
    "letter.sign_in.text": "Type this code in the browser in which you asked for it, within ten "
    "minutes. Or open the link to sign in there.",
    "letter.sign_in.button": "Sign in",
    "letter.sign_in.end": "Give the code to nobody. If you did not ask for it, ignore this letter.",
    "letter.invitation.subject": "{site}: you are invited",
    "letter.invitation.text": "You are invited to {site}. Create your account here.",
    "letter.invitation.button": "Create the account",
    "letter.invitation.end": "The link is valid for a week, and once.",
}
