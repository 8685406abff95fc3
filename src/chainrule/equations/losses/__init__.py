"""Losses of one sample, each beside its derivative, and what starts the backward pass."""
