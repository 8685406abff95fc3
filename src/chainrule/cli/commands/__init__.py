"""One module for each command: what it asks of `jobs`, and what it prints."""
