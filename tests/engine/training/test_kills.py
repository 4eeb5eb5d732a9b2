"""A run on a folder of images that is killed at random moments ends as if nothing had happened."""

import json
import multiprocessing
import subprocess
import sys

import pytest

from tests.patience import seconds

KILLS, SEED = 3, 11


@pytest.mark.skipif(
    "forkserver" not in multiprocessing.get_all_start_methods(), reason="needs processes that are forked"
)
@pytest.mark.timeout(330)  # more than the deadline within, whose message is better
def test_a_run_that_is_killed_at_random_moments_equals_one_that_is_not() -> None:
    # In a process of its own, which ends with the server of processes.
    command = [sys.executable, "-m", "tests.engine.training.photo_run", str(KILLS), str(SEED)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds(300), check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert len(result["kills"]) == KILLS
    assert result["states"] == ["done", "done"]
    assert result["differences"] == []
