"""Widgets that know no Session: they could serve in any program."""
