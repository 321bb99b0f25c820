"""From messages to browsers: Datastar's wire format and the streams that carry it."""
