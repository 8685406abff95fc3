"""The equations on rows and vectors, each beside what calls it by its address."""
