"""The emulated browser of `Visitor`: elements, signals, requests and the stream of a page."""
