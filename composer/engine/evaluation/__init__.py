"""Measuring trained networks on data of any source."""
