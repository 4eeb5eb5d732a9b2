"""Position encodings and biases."""
