"""Embedding of text tokens and prediction of the next one."""
