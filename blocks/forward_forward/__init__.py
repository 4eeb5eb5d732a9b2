"""Layers of the forward-forward algorithm."""
