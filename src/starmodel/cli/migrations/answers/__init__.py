"""Answers to the questions of a migration: by flags, by prompts, and as flags again."""
