"""From a snapshot to a draft and back: drafts, savepoints and patches."""
