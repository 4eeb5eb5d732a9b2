"""Runs the soak test: `python -m tests.soak [PART ...] [--seed N] [--minutes M]`.

Every part runs in a process of its own, two at a time. The exit code is 1 if a figure that must be zero is not, and if
a part crashed. A part that runs out of time reports how far it came; it is marked, but that alone is no failure.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.soak.plan import SHOWN, Soak

ROOT = Path(__file__).resolve().parents[2]
# Minutes of each part at share 1.0 on two idle cores; two run at a time, the longest start first.
PARTS = {
    "kills": 13.0,
    "mutations": 12.0,
    "power_cut": 12.0,
    "random_edits": 6.0,
    "disk_full": 4.0,
    "folders": 4.0,
    "concurrent": 4.0,
}
MINUTES = 30.0


def main() -> int:
    """Run the named parts, or all, and print the table."""
    parser = argparse.ArgumentParser(prog="make soak", description="Kill, fill, cut, mutate; count what is lost.")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"which ones: {', '.join(PARTS)}; all by default")
    parser.add_argument("--seed", type=int, default=1, help="start of all random numbers")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="bound of the whole run; default: %(default)g")
    parser.add_argument("--share", type=float, default=1.0, help="factor on the number of cases")
    parser.add_argument("--jobs", type=int, default=2, help="parts that run at the same time")
    parser.add_argument("--json", action="store_true", help="run one part in this process and print its result")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(sorted(unknown))}; choose from {', '.join(PARTS)}")
    if options.json:
        if len(options.parts) != 1:
            parser.error("--json runs one part; name it")
        return run_here(options)
    return run_all(options)


def run_here(options: argparse.Namespace) -> int:
    """Run one part in this process; the last line of the output is its result."""
    (part,) = options.parts
    with tempfile.TemporaryDirectory(prefix=f"netcomposer-soak-{part}-") as folder:
        home = Path(folder, "home")
        home.mkdir()
        os.environ.update(NETCOMPOSER_HOME=str(home), TMPDIR=folder)
        soak = Soak(part, Path(folder), options.seed, options.share, time.monotonic() + 60 * options.minutes)
        import_module(f"tests.soak.{part}").run(soak)
        print(json.dumps(soak.to_json()), flush=True)
    return 1 if soak.violations else 0


def run_all(options: argparse.Namespace) -> int:
    """Run parts as child processes and print one row each, then the violations."""
    parts = options.parts or list(PARTS)
    minutes = {
        part: min(PARTS[part] * options.minutes / MINUTES if len(parts) > 1 else options.minutes, options.minutes)
        for part in parts
    }
    print(f"{'part':<16}{'cases':>13}{'seconds':>9}{'violations':>12}   figures", flush=True)
    results: list[dict[str, Any]] = []
    start = time.monotonic()
    with ThreadPoolExecutor(max(1, options.jobs)) as pool:
        futures = [pool.submit(run_child, part, options, minutes[part]) for part in parts]
        for future in as_completed(futures):
            results.append(future.result())
            print(table_row(results[-1]), flush=True)
    violations = [f"{result['part']}: {text}" for result in results for text in result["violations"]]
    for text in violations[:SHOWN]:
        print(f"  ! {text}")
    if len(violations) > SHOWN:
        print(f"  ! and {len(violations) - SHOWN} more; run the part alone with --json to see all")
    elapsed = time.monotonic() - start
    print(
        f"{len(violations)} violations in {sum(result['cases'] for result in results)} cases, {elapsed:.0f} s, "
        f"seed {options.seed}"
    )
    return 1 if violations else 0


def run_child(part: str, options: argparse.Namespace, minutes: float) -> dict[str, Any]:
    """Run one part in a child process; a crash and a child that hangs are violations."""
    command = [sys.executable, "-m", "tests.soak", part, "--json", "--seed", str(options.seed)]
    command += ["--share", str(options.share), "--minutes", str(minutes)]
    inherited = os.environ.get("PYTHONPATH")
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *([inherited] if inherited else [])]),
        "QT_QPA_PLATFORM": "offscreen",
        "OMP_NUM_THREADS": "1",
    }
    start = time.monotonic()
    result: dict[str, Any] = {"part": part, "cases": 0, "planned": 0, "violations": [], "figures": {}}
    try:
        done = subprocess.run(
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=90 * minutes + 120, check=False
        )
        result = json.loads(done.stdout.strip().splitlines()[-1])
    except subprocess.TimeoutExpired:
        result["violations"] = [f"the part did not end within {90 * minutes + 120:.0f} s"]
    except (IndexError, ValueError):
        last = done.stderr.strip().splitlines()[-1:] or ["no message"]
        result["violations"] = [f"the part crashed with exit code {done.returncode}: {last[0]}"]
    return {**result, "seconds": time.monotonic() - start}


def table_row(result: dict[str, Any]) -> str:
    """Return one line of the table; a part that ran out of time shows finished/planned cases."""
    cases, planned = result["cases"], result["planned"]
    amount = f"{cases:,}" if cases >= planned else f"{cases:,}/{planned:,} !"
    figures = ", ".join(f"{name} {value:g}" for name, value in result["figures"].items())
    return f"{result['part']:<16}{amount:>13}{result['seconds']:>9.0f}{len(result['violations']):>12}   {figures}"


if __name__ == "__main__":
    sys.exit(main())
