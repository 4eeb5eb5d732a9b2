"""The state of the window: the document, its undo stack, its facts, and what is stored between starts."""
