"""All vectors in Chromium: its WebCrypto differs from Node's and from Python's in what it refuses by itself."""

from pathlib import Path

from .conftest import Make

VECTORS = Path(__file__).parents[1] / "vectors"


async def test_every_vector_gives_in_chromium_what_it_must(phone: Make) -> None:
    page = await (await phone()).open("/tests/engine/vectors.html")
    await page.wait_for_function("'differing' in globalThis")
    areas = {folder.name: sorted(folder.glob("*.txt")) for folder in VECTORS.iterdir() if any(folder.glob("*.txt"))}
    assert sorted(await page.evaluate("areas")) == sorted(areas)
    for area, files in areas.items():
        texts = [file.read_text() for file in files]
        assert await page.evaluate("(given) => differing(...given)", [area, texts]) == []
