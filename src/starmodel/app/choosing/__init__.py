"""The records that a field may refer to, by the other fields of its record."""
