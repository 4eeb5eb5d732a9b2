"""Routes of wires around cards, computed without Qt."""
