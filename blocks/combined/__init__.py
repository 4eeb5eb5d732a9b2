"""Channel and spatial attention in one block."""
