"""Deadlines by the clock, all scaled by one factor: NETCOMPOSER_TEST_PATIENCE=4 suits a machine that is slow or busy.

A deadline ends a test that hangs, so a larger factor costs nothing where nothing hangs. The deadlines of pytest
(`timeout` in pyproject.toml and `timeout` markers) are scaled in conftest.py.
"""

import os

PATIENCE = float(os.environ.get("NETCOMPOSER_TEST_PATIENCE", "1"))


def seconds(limit: float) -> float:
    """Return the deadline for something that takes at most `limit` seconds on an idle machine."""
    return limit * PATIENCE
