"""Delimited text: its dialect, its exact reading and its fast one."""
