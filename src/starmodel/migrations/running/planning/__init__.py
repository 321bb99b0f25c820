"""Steps as actions: expanded in order, described and reversed."""
