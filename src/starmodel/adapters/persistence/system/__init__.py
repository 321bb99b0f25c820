"""The system store: StarModel's own tables, apart from an application's."""
