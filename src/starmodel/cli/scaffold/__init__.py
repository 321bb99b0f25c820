"""What `starmodel init` writes."""
