"""The disk is full: a clear error, nothing lost, and it goes on when there is room."""

import asyncio
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from e2e.process import Cli, Serving
from werkfunk.sdk.errors import NotAllowed, SdkError

from .firm import Firm

SIZE = 12 * 1_048_576


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "small"
    folder.mkdir()
    if (
        os.geteuid() != 0
        or subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", str(folder)], check=False).returncode
    ):
        pytest.skip("a small disk needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_disk_full(small_disk: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(small_disk / "data")
    (small_disk / "data").mkdir(mode=0o700)
    firm = await Firm.found(Serving(Cli(tmp_path)), ["Bernd"])
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    try:
        await anna.send(firm.group, "davor")
        ballast = small_disk / "ballast"
        await asyncio.to_thread(_fill, ballast)

        big = tmp_path / "foto.jpg"
        big.write_bytes(os.urandom(3_000_000))
        with pytest.raises(SdkError) as refused:
            await anna.send(firm.group, "Foto", [big])
        assert refused.value.code == "storage_full"

        acknowledged = ["davor"]
        full = await _until_refused(firm, acknowledged)
        assert full.code == "storage_full"

        await bernd.core.catch_up(firm.group)
        assert [text for _, text in firm.texts("Bernd")] == acknowledged

        await asyncio.to_thread(ballast.unlink)
        await anna.send(firm.group, "danach")
        await anna.send(firm.group, "Foto", [big])
        await asyncio.to_thread(firm.server.kill)
        await asyncio.to_thread(firm.server.start)
        await bernd.connect()
        assert [text for _, text in firm.texts("Bernd")] == [*acknowledged, "danach"]
        assert not bernd.core.logs.warning(firm.group)
    finally:
        await firm.close()


async def _until_refused(firm: Firm, acknowledged: list[str]) -> NotAllowed:
    for number in range(2_000):
        text = f"{number} " + "x" * 10_000
        try:
            await firm.clients["Anna"].send(firm.group, text)
        except NotAllowed as error:
            return error
        acknowledged.append(text)
    raise AssertionError("the disk was never full")


def _fill(path: Path) -> None:
    """Leave a few pages of room, so that the first messages still fit."""
    free = os.statvfs(path.parent).f_bavail * os.statvfs(path.parent).f_frsize
    with path.open("wb") as file:
        file.write(bytes(max(0, free - 150_000)))
