"""The texts of an application, for translators."""
