"""The entity classes of an application: registry, foreign keys and relations."""
