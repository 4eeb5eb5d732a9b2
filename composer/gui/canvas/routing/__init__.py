"""How wires run around cards."""
