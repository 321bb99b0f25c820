"""TodoMVC: each visitor's list is stored in SQLite and live in all of their tabs."""
