"""How notebooks show trainings, and words for one that is under way."""
