"""The pages that send letters, and those that their links open.

A GET of a link changes nothing, because mail programs open links by themselves; its page has a
form whose POST uses the link up.
"""
