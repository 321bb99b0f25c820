"""The pages of sign-in, sign-up, sign-out and the account, which work without JavaScript."""
