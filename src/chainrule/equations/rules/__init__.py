"""Update rules: from a gradient to new weights."""
