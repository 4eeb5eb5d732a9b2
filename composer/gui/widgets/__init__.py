"""Widgets that do not depend on the session: each could be used in another program."""
