"""Deadlines by the clock, all scaled by one factor: NETCOMPOSER_TEST_PATIENCE=4 suits a machine that is slow or busy.

A deadline is there to end a test that hangs; no test may depend on one that passes. Those that pytest and Qt wait for
(`timeout` markers and `qtbot.wait...`) are scaled in tests/conftest.py.
"""

import os

PATIENCE = float(os.environ.get("NETCOMPOSER_TEST_PATIENCE", "1"))


def seconds(limit: float) -> float:
    """Return the deadline for what takes `limit` seconds at most on an idle machine."""
    return limit * PATIENCE
