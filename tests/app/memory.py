"""How much the browser's tabs grow, by what the kernel says of their highest point."""

import contextlib
from pathlib import Path

import psutil

MEBIBYTE = 1_048_576


class Growth:
    """Counts from when it is made."""

    def __init__(self) -> None:
        found = psutil.Process().children(recursive=True)
        tabs = {process.pid: _memory(process.pid, "VmRSS") for process in found if _is_tab(process)}
        self._tabs = {pid: size for pid, size in tabs.items() if size}
        for pid in self._tabs:
            # Begin again with the highest point (proc(5), clear_refs).
            with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def most(self) -> int:
        """Bytes by which the one tab grew that grew most, at its highest point."""
        return max(_memory(pid, "VmHWM") - start for pid, start in self._tabs.items())


def _is_tab(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.NoSuchProcess:
        # It has ended while we looked.
        return False


def _memory(pid: int, field: str) -> int:
    """0 for a process that has ended: the browser keeps one in reserve, and lets it go when it likes."""
    try:
        status = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return sum(int(line.split()[1]) * 1024 for line in status if line.startswith(f"{field}:"))
