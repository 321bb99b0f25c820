"""Snapshots in Redis or Valkey: JSON by key, one script for each batch, sorted sets as indexes."""
