"""Lists as files: all matching records that the visitor may read, as CSV, JSON lines or XLSX."""
