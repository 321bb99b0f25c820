"""The slow-down of sign-ins after wrong passwords."""
