"""Live updates: subscriptions, live lists, rendered views and reactions."""
