"""Transformer layers and their parts: feed-forward nets, layer scale, stochastic depth, mixtures of experts."""
