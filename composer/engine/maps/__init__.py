"""Captured maps: the attention, gates and branch weights of one forward pass, and how they are drawn."""
