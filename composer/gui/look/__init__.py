"""Colours, measures, style sheet and colour maps."""
