"""Fits that the tests of plots draw."""

from pictured import of_classes, of_numbers, of_two_targets

__all__ = ["of_classes", "of_numbers", "of_two_targets"]
