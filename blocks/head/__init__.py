"""What turns features into classes or embeddings."""
