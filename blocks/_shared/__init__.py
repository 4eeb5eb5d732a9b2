"""Code that several blocks use and that is no block itself."""
