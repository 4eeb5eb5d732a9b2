"""Shapes and costs of a design on the meta device."""
