"""Multilayer perceptrons trained by back-propagation that you can check."""
