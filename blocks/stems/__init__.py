"""Stems: an image or a video becomes a feature map or tokens."""
