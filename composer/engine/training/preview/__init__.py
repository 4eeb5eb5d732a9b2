"""Samples as a network sees them, for people."""
