"""Recurrent networks and the attention that was first built on them."""
