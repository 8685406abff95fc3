"""A table as numbers and back: how that is chosen, and how each column does it."""
