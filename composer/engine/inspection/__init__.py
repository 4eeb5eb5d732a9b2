"""Inspection of a trained model: capture its attention maps, gates and branch weights, and draw them."""
