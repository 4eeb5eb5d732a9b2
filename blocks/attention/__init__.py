"""Attention between tokens or positions: global, windowed, local, linear, across channels."""
