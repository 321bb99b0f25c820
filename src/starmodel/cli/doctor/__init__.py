"""What `starmodel doctor` looks at; each room returns its findings."""
