"""What a number becomes beside its standardised self, or in its place."""
