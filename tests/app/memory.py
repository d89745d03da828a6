"""How much the browser's tabs grow, by what the kernel says of their highest point."""

from pathlib import Path

import psutil

MEBIBYTE = 1_048_576


class Growth:
    """Counts from when it is made."""

    def __init__(self) -> None:
        found = psutil.Process().children(recursive=True)
        self._tabs = [process.pid for process in found if _is_tab(process)]
        self._before = [_memory(pid, "VmRSS") for pid in self._tabs]
        for pid in self._tabs:
            # Begin again with the highest point (proc(5), clear_refs).
            Path(f"/proc/{pid}/clear_refs").write_text("5")

    def most(self) -> int:
        """Bytes by which the one tab grew that grew most, at its highest point."""
        now = [_memory(pid, "VmHWM") for pid in self._tabs]
        return max(high - start for high, start in zip(now, self._before, strict=True))


def _is_tab(process: psutil.Process) -> bool:
    try:
        return "--type=renderer" in process.cmdline()
    except psutil.NoSuchProcess:
        # It has ended while we looked.
        return False


def _memory(pid: int, field: str) -> int:
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    (line,) = [line for line in status if line.startswith(f"{field}:")]
    return int(line.split()[1]) * 1024
