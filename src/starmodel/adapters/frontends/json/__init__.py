"""The JSON frontend: snapshots and patches of records and lists as JSON data."""
