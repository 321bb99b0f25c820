"""The Datastar protocol: encoding of patches, and server-sent event streams."""
