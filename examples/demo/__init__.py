"""What StarModel does, one page at a time; `app.py` is where it starts."""
