"""Code that several blocks share; nothing here is a block itself."""
