"""The `event` and `entities` commands: arguments, dispatch, completion and output."""
