"""The routes of the pages of emails."""

from __future__ import annotations

from starmodel.plugins import Route
from starmodel.plugins.built_in.auth.pages.by_mail import (
    confirmation,
    invitation,
    mail_sign_in,
    password_reset,
)
from starmodel.plugins.built_in.auth.pages.site import AuthSite
from starmodel.plugins.built_in.auth.users.user import ADMIN

BY_ADMIN = f"role:{ADMIN}"


def mail_routes(site: AuthSite) -> list[Route]:
    """A page (GET) and what its form does (POST) at each path."""
    reset = password_reset.PasswordResetPages(site)
    confirm = confirmation.ConfirmationPages(site)
    invite = invitation.InvitationPages(site)
    sign_in = mail_sign_in.MailSignInPages(site)
    public = [
        (password_reset.FORGOT, reset.ask, reset.send),
        (password_reset.RESET, reset.show, reset.run),
        (confirmation.CONFIRM, confirm.show, confirm.run),
        (invitation.ACCEPT, invite.show, invite.run),
        (mail_sign_in.ASK, sign_in.ask, sign_in.send),
        (mail_sign_in.LINK, sign_in.show, sign_in.follow),
    ]
    routes = [
        Route(mail_sign_in.CODE, sign_in.enter, ["POST"], access="public"),
        Route("/account/confirm-address", confirm.send_again, ["POST"]),
        Route(invitation.INVITE, invite.ask, access=BY_ADMIN),
        Route(invitation.INVITE, invite.send, ["POST"], access=BY_ADMIN),
    ]
    for path, show, run in public:
        routes.append(Route(path, show, access="public"))
        routes.append(Route(path, run, ["POST"], access="public"))
    return routes
