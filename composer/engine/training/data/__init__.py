"""Samples on their way into a network: batches, augmentation, inputs, and what the window asks about them."""
