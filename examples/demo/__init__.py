"""The features of StarModel, one page each; `app.py` is the entry point."""
