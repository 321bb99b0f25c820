"""TodoMVC: each visitor's list is kept in SQLite and is live in all of his tabs."""
