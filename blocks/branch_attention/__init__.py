"""Attention over parallel branches or kernels."""
