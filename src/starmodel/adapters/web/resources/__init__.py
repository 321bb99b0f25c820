"""The routes of events, streams and slots, and the states of browser stores in requests."""
