"""What the database runs for processes of an old version: triggers and views."""
