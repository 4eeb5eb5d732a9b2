"""Active dendrites: units whose response is gated by a context vector."""
