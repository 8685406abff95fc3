"""Layers: what each kind of them computes, forward and backward."""
