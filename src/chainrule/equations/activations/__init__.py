"""Activations, each beside its derivative."""
