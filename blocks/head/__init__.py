"""Heads that map features to classes or embeddings."""
