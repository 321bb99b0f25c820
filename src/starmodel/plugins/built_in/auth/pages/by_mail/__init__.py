"""The pages that send e-mails, and those that their links open.

A GET of a link changes nothing, because mail programs fetch links; its page has a
form whose POST uses the link up.
"""
