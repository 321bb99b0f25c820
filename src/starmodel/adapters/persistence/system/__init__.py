"""The system store: StarModel's own tables, separate from an application's."""
