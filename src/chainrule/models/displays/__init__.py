"""How notebooks show what the fit of a table led to."""
