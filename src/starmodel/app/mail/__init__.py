"""Sending of mail: the queue in front of the mailer."""
