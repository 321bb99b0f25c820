"""Row locks of the SQL store."""
