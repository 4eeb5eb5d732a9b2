"""Attention over positions of a feature map, without token pairs."""
