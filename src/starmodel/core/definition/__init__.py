"""The definition of an entity class: its checks, what it declares, and hooks of other libraries."""
