"""What is recorded of a network while it trains: health of nodes, gradient norms, sample images."""
