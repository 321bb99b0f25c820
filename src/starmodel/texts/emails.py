"""The English texts of e-mails, and of the pages that their links open."""

from __future__ import annotations

from collections.abc import Mapping

BY_MAIL: dict[str, str | Mapping[str, str]] = {
    "by_mail.invalid_title": "This link is not valid",
    "by_mail.invalid": "This link or code is no longer valid. It may have been used, or be too "
    "old. Ask for a new one.",
    "by_mail.off": "This is not available here.",
    "by_mail.sent_title": "Check your e-mail",
    "forgot.title": "Forgotten password",
    "forgot.link": "Forgot your password?",
    "forgot.help": "We send you a link to choose a new password.",
    "forgot.submit": "Send the link",
    "forgot.sent": "If {email} has an account here, a link is on its way. It is valid for an hour.",
    "reset.title": "Choose a new password",
    "reset.submit": "Save the password",
    "reset.done": "Your password is saved. Please sign in with it.",
    "confirm_address.title": "Confirm your address",
    "confirm_address.submit": "Confirm the address",
    "confirm_address.question": "Is {email} your address, and is this your account?",
    "confirm_address.choose": "This is another browser than the one that created the account, so "
    "please choose the password of the account now. It replaces any that was chosen before.",
    "confirm_address.done": "Your address is confirmed.",
    "confirm_address.needed": "Your address is not confirmed yet.",
    "confirm_address.again": "Send the e-mail again",
    "confirm_address.sent": "An e-mail is on its way.",
    "mail_sign_in.title": "Sign in by e-mail",
    "mail_sign_in.link": "Sign in by e-mail instead",
    "mail_sign_in.help": "We send a code and a link to your address. You need no password.",
    "mail_sign_in.submit": "Send the code",
    "mail_sign_in.sent": "If {email} has an account here, a code is on its way. Type it here, in "
    "this browser, within ten minutes. Or open the link in the e-mail.",
    "mail_sign_in.code": "Code",
    "mail_sign_in.enter": "Sign in",
    "mail_sign_in.question": "Sign in as {email} in this browser?",
    "mail_sign_in.confirm": "Sign in",
    "invitation.title": "Welcome",
    "invitation.text": "You were invited as {email}. Choose a password to create your account.",
    "invitation.submit": "Create the account",
    "invite.title": "Invite somebody",
    "invite.help": "The person gets an e-mail with a link to create an account. The "
    "link is valid for a week.",
    "invite.roles": "Roles",
    "invite.roles_help": "Separated by commas. Optional.",
    "invite.wrong_role": "A role consists of letters, digits and _ . : -",
    "invite.submit": "Send the invitation",
    "invite.sent": "The invitation is on its way.",
}

EMAILS: dict[str, str | Mapping[str, str]] = {
    "email.link": "If the button does not work, open this address: ",
    "email.ignore": "If you did not ask for this, ignore this e-mail. Nothing was changed.",
    "email.confirm.subject": "{site}: confirm your address",
    "email.confirm.text": "An account was created at {site} with this address. Please confirm "
    "that it is yours.",
    "email.confirm.button": "Confirm the address",
    "email.confirm.end": "The link is valid for three days. If you did not create an account, "
    "ignore this e-mail.",
    "email.known.subject": "{site}: you have an account",
    "email.known.text": "Somebody, probably you, wanted to create an account at {site} with "
    "this address. It has one already: sign in, or choose a new password there.",
    "email.known.button": "Sign in",
    "email.known.end": "If that was not you, ignore this e-mail. Nothing was changed.",
    "email.reset.subject": "{site}: choose a new password",
    "email.reset.text": "Somebody asked for a new password for your account at {site}. Choose it "
    "here.",
    "email.reset.button": "Choose a new password",
    "email.reset.end": "The link is valid for an hour and can be used once. If you did not ask "
    "for it, ignore this e-mail. Your password stays as it is.",
    "email.sign_in.subject": "{site}: your code to sign in",
    "email.sign_in.text": "Type this code in the browser in which you asked for it, within ten "
    "minutes. Or open the link to sign in there.",
    "email.sign_in.button": "Sign in",
    "email.sign_in.end": "Do not share the code. If you did not ask for it, ignore this e-mail.",
    "email.invitation.subject": "{site}: you are invited",
    "email.invitation.text": "You are invited to {site}. Create your account here.",
    "email.invitation.button": "Create the account",
    "email.invitation.end": "The link is valid for a week and can be used once.",
}
