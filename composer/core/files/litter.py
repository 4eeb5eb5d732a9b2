"""Files that systems leave in folders: they are nobody's, so a folder that holds only them counts as empty."""

LITTER = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
