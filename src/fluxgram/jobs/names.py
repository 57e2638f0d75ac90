"""Names of workers: they hold machine, process and its start, so that whoever reads one can tell whether it lives.

Jobs of a dead worker of this machine are released at once instead of waiting for their lease. A process number alone
would not do, because numbers come again; nor would a host name, because machines made from one image share it.
"""

from __future__ import annotations

import hashlib
import platform
import re
from dataclasses import dataclass
from pathlib import Path

import psutil

_NAME = re.compile(r"(?P<label>.*)@(?P<machine>.*):(?P<pid>\d+):(?P<started>\d+)", re.DOTALL)
_UNSAFE = re.compile(r"[^A-Za-z0-9_.-]+")
_MOST_LABEL = 40
_SAME_START = 2
"""Starts that differ by no more are one; a process number does not come again so soon."""


@dataclass(frozen=True, slots=True)
class WorkerName:
    """A worker's name, in its parts.

    Attributes:
        label: As its supervisor calls it, such as `cuda-0`.
        machine: Machine, its boot and its space of process numbers.
        pid: Process.
        started: When that process began, see `began`.
    """

    label: str
    machine: str
    pid: int
    started: int

    def __str__(self) -> str:
        return f"{self.label}@{self.machine}:{self.pid}:{self.started}"

    @classmethod
    def of_process(cls, label: str, pid: int) -> WorkerName:
        """The name of a living process of this machine.

        Raises:
            ProcessLookupError: There is none.
        """
        try:
            started = began(pid)
        except psutil.Error:
            raise ProcessLookupError(pid) from None
        clean = _UNSAFE.sub("-", label)[:_MOST_LABEL] or "worker"
        return cls(clean, this_machine(), pid, started)

    @classmethod
    def parse(cls, text: str) -> WorkerName | None:
        """Read a name back; None where it is none."""
        found = _NAME.fullmatch(text)
        if found is None:
            return None
        return cls(found["label"], found["machine"], int(found["pid"]), int(found["started"]))


def is_dead_here(name: str) -> bool:
    """Whether a worker was of this machine and lives no more. Of other machines' workers nothing is known."""
    worker = WorkerName.parse(name)
    if worker is None or worker.machine != this_machine():
        return False
    try:
        process = psutil.Process(worker.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            return True
        return abs(began(worker.pid) - worker.started) > _SAME_START
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def began(pid: int) -> int:
    """When a process began: in ticks since the machine did, which no setting of the clock moves, or unix seconds.

    Raises:
        psutil.Error: There is no such process, or nothing is known of it.
    """
    try:
        said = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace")
    except OSError:  # not Linux, or no such process
        return int(psutil.Process(pid).create_time())
    return int(said.rpartition(")")[2].split()[19])  # the 22nd field; the second, a name, may hold anything


def this_machine() -> str:
    """Names this machine since it was last started, and this container where it is one."""
    host = _UNSAFE.sub("-", platform.node())[:_MOST_LABEL] or "host"
    boot = Path("/proc/sys/kernel/random/boot_id")
    space = Path("/proc/self/ns/pid")
    try:
        said = boot.read_text("ascii") + str(space.readlink())
    except OSError:
        return host  # not Linux
    return f"{host}-{hashlib.sha256(said.encode()).hexdigest()[:12]}"
