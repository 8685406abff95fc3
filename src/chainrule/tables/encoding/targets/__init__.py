"""Targets: what a column becomes in Y, and what the network's outputs become."""
