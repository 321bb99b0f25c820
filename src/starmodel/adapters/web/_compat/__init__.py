"""Private names of web libraries; no other module imports them directly."""
