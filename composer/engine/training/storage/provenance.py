"""Where the result of a run comes from: software, hardware, the state of the user's repository and the command line."""

import os
import platform
import re
import socket
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
import torch

import composer
from composer.engine.device import cpu_cores

# What a start may lose by waiting for git, which works while the network and the data are prepared.
GIT_SECONDS = 0.05
LIBRARIES = ("lightning-fabric", "kornia", "scikit-learn", "numpy", "pillow")
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)


def versions() -> dict[str, str]:
    """Return the versions of the software that a result depends on."""
    numbers = {"netcomposer": composer.__version__, "python": platform.python_version(), "torch": torch.__version__}
    for name in LIBRARIES:
        try:
            numbers[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return numbers


def hardware(device: torch.device) -> dict[str, Any]:
    """Return the machine and the device that a run is trained on; memory in bytes.

    Args:
        device: where the network is.
    """
    facts: dict[str, Any] = {
        "host": socket.gethostname(),
        "system": platform.platform(),
        "cpu": _cpu_name(),
        "cores": cpu_cores(),
        "memory": psutil.virtual_memory().total,
    }
    if device.type == "cuda":
        properties = torch.cuda.get_device_properties(device)
        facts |= {"gpu": properties.name, "gpu_memory": properties.total_memory, "cuda": torch.version.cuda or ""}
        with suppress(OSError, IndexError):  # not on Windows, where the driver has no such file
            line = Path("/proc/driver/nvidia/version").read_text("utf-8").splitlines()[0]
            facts["driver"] = next((word for word in line.split() if re.fullmatch(r"\d+(\.\d+)+", word)), line)
    return facts


def _cpu_name() -> str:
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def command_line() -> list[str]:
    """Return the words of the command that this process was started with."""
    return list(sys.orig_argv)


@dataclass
class GitState:
    """The commit of a folder, asked of git in the background.

    Args:
        folder: usually that of the design; None for no folder.
    """

    folder: Path | None
    _process: "subprocess.Popen[bytes] | None" = field(init=False, default=None)

    def __post_init__(self) -> None:
        """Start git, if there is one."""
        if self.folder is None:
            return
        # No program that the repository's configuration names is run, and nothing is written into it.
        options = ["-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"]
        command = ["git", *options, "status", "--porcelain=v2", "--branch", "--untracked-files=no", "--", "."]
        with suppress(OSError, ValueError):
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                creationflags=_NO_WINDOW,
            )

    def result(self, seconds: float | None = None) -> dict[str, Any] | None:
        """Return commit, branch and whether files of the folder differ from it.

        Args:
            seconds: longest time to wait; by default `GIT_SECONDS`.

        Returns:
            None without git, outside a repository, or if git takes longer.
        """
        process, self._process = self._process, None
        if process is None:
            return None
        try:
            output, _ = process.communicate(timeout=GIT_SECONDS if seconds is None else seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            return None
        lines = output.decode("utf-8", "replace").splitlines()
        heads = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch.") and " " in line[2:])
        commit = heads.get("branch.oid", "")
        if process.returncode or not re.fullmatch(r"[0-9a-f]{40,64}", commit):
            return None
        dirty = any(not line.startswith("#") for line in lines)
        return {"commit": commit, "branch": heads.get("branch.head", ""), "dirty": dirty}


def provenance(device: torch.device, git: GitState) -> dict[str, Any]:
    """Return what the settings of a run keep of its origin.

    Args:
        device: where the network is.
        git: the state of the design's folder.
    """
    state = git.result()
    return {
        "versions": versions(),
        "hardware": hardware(device),
        "command": command_line(),
        **({"git": state} if state is not None else {}),
    }
