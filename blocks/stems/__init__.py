"""Stems: they map an image or a video to a feature map or tokens."""
