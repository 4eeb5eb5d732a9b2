"""The files that run the checks elsewhere, on a hosted machine and before a commit, agree with the Makefile."""

import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from composer import paths

ROOT = paths.ROOT
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
HOOKS = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))


def steps(path: Path) -> Iterator[dict[str, Any]]:
    for job in yaml.safe_load(path.read_text())["jobs"].values():
        yield from job["steps"]


def recipe(target: str) -> list[str]:
    """The commands of a make target, as make prints them."""
    # `make test` hands its flags to every make below it, which would then print the folders that it enters.
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}
    command = ["make", "-n", "-o", ".venv/.installed", target]
    process = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    return process.stdout.splitlines()


def test_the_workflow_tests_on_three_systems() -> None:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    (job,) = workflow["jobs"].values()
    systems = {name.split("-")[0] for name in job["strategy"]["matrix"]["os"]}
    assert systems == {"ubuntu", "macos", "windows"}
    assert job["defaults"]["run"]["shell"] == "bash", "recipes are written for sh, on Windows too"
    assert any(step.get("run", "").startswith("make test") for step in job["steps"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_call_existing_make_targets(path: Path) -> None:
    for step in steps(path):
        assert ("run" in step) != ("uses" in step), step
        for target in re.findall(r"^make ([a-z]+)", step.get("run", ""), re.MULTILINE):
            assert target in TARGETS, f"{path.name} calls make {target}"


def test_hooks_run_the_tools_of_make_lint() -> None:
    assert [repository["repo"] for repository in HOOKS] == ["local"], "hooks use the versions of .venv"
    hooks = [hook for repository in HOOKS for hook in repository["hooks"]]
    for hook in hooks:
        assert hook["language"] == "system" and hook["entry"].startswith("sh .ci/tool "), hook["id"]
    tools = {hook["entry"].removeprefix("sh .ci/tool ").split(" --")[0] for hook in hooks}
    linters = {re.sub(r"^\.venv/\w+/", "", command).split(" --")[0] for command in recipe("lint")}
    assert linters - {"ruff format"} <= tools and "ruff format" in tools


def test_the_tool_script_runs_what_is_installed_and_names_what_is_not() -> None:
    done = subprocess.run(["sh", ".ci/tool", "ruff", "--version"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("ruff ")
    done = subprocess.run(["sh", ".ci/tool", "no-such-tool"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == "netcomposer: no-such-tool is not in .venv; run: make lint\n"


def test_every_target_is_listed_with_what_it_does() -> None:
    described = set(re.findall(r"^([a-z]+):.*## .+", MAKEFILE, re.MULTILINE))
    assert described == TARGETS


def test_markers_are_explained() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["pytest"]["ini_options"]
    assert {marker.partition(":")[0] for marker in settings["markers"]} == {"gpu", "slow"}
    assert all(len(marker.partition(":")[2].split()) > 3 for marker in settings["markers"])
