"""Transports: framing of patches, and the connections that they are sent on."""
