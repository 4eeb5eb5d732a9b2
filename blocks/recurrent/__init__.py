"""Recurrent networks and the attention that grew from them."""
