"""Links that somebody else has made: nothing of them runs, nothing is asked or stored, and it is said calmly."""

import base64

from playwright.async_api import Page, expect

from e2e.process import Serving

from .conftest import Make

NO_LINK = "kein Werkfunk-Link"
SCRIPT = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>"


def coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


# An honest form of each kind, spoilt in one place.
FRAGMENTS = {
    "script": f"i={SCRIPT}",
    "script-escaped": "i=%3Cscript%3Edocument.title='hacked'%3C%2Fscript%3E",
    "scheme": "s=javascript:document.title='hacked'",
    "page": "d=data:text/html,<script>document.title='hacked'</script>",
    "nothing": "i=",
    "huge": "i=" + "A" * 1_000_000,
    "padded": "i=AAAA====",
    "no-base64": "s=!!!!****",
    "umlauts": "d=äöü",
    "nested": "i=" + coded(b"\x81" * 200_000 + b"\x00"),
    "long-array": "i=" + coded(b"\x9b\xff\xff\xff\xff\xff\xff\xff\xff"),
    "long-string": "o=" + coded(b"\x83\x01\x69offer link\x5b\x00\x00\x00\xff\xff\xff\xff\xff"),
    "other-kind": "s=" + coded(b"\x84\x01\x6binvite link\x40\x40"),
    "unknown-letter": "x=AAAA",
    "prototype": "i=" + coded(b"\xa1\x69__proto__\xa1\x65admin\xf5"),
}
STORED = """async () => ({
  hash: location.hash,
  kept: localStorage.length + sessionStorage.length,
  state: JSON.stringify(history.state ?? null),
})"""


async def unharmed(page: Page) -> None:
    assert await page.title() == "Werkfunk"
    stored = await page.evaluate(STORED)
    assert stored["hash"] == ""
    assert stored["kept"] == 0
    assert len(stored["state"]) < 100
    assert await page.locator("img[src=x], script:not([src])").count() == 0


async def test_a_hostile_fragment_is_refused_calmly(server: Serving, phone: Make) -> None:
    device = await phone()
    asked: list[str] = []
    device.context.on("request", lambda request: asked.append(request.url))
    page = await device.open()
    for name, fragment in FRAGMENTS.items():
        await page.evaluate("(hash) => { location.hash = hash }", fragment)
        await expect(page.get_by_text(NO_LINK), name).to_be_visible()
        await unharmed(page)
        await page.get_by_role("button", name="Andere Einladung benutzen").click()
        await expect(page.get_by_role("button", name="Einladung scannen"), name).to_be_visible()
    # Nothing was asked of the server for any of them, and nobody is set up.
    assert [url for url in asked if "/v1/" in url] == []
    await page.reload()
    await expect(page.get_by_role("button", name="Einladung scannen")).to_be_visible()


async def test_an_address_of_another_business_is_not_gone_to(server: Serving, phone: Make) -> None:
    """Whose name merely looks like the own one; the device's guard fails on any request to it."""
    device = await phone()
    page = await device.open()
    fragment = server.setup.partition("#")[2]
    host = device.origin.removeprefix("http://")
    for link, said in (
        (f"https://{host}/#{fragment}", "gehört zu einem anderen Betrieb"),
        (f"{device.origin}.evil.example/#{fragment}", "gehört zu einem anderen Betrieb"),
        (f"{device.origin}@evil.example/#{fragment}", "gehört zu einem anderen Betrieb"),
        (f"{device.origin}/v1/#{fragment}", "gehört zu einem anderen Betrieb"),
        (f"//evil.example/#{fragment}", NO_LINK),
        (f"javascript:alert(1)//{device.origin}/#{fragment}", NO_LINK),
        (SCRIPT, NO_LINK),
    ):
        await page.get_by_role("button", name="Link einfügen").click()
        await page.get_by_label("Einladungslink").fill(link)
        await page.get_by_role("button", name="Weiter").click()
        await expect(page.get_by_text(said)).to_be_visible()
        await unharmed(page)
        await page.get_by_role("button", name="Andere Einladung benutzen").click()


async def test_in_use_a_hostile_link_changes_nothing(server: Serving, phone: Make) -> None:
    device = await phone()
    page = await device.open(server.setup)
    await page.get_by_label("Dein Name").fill("Anna")
    await page.get_by_role("button", name="Los geht’s").click()
    await page.get_by_role("button", name="Später").click()
    await expect(page.get_by_role("navigation")).to_be_visible()
    await page.evaluate("(hash) => { location.hash = hash }", FRAGMENTS["script"])
    await expect(page.get_by_role("dialog", name="Dieses Gerät ist schon eingerichtet")).to_be_visible()
    await unharmed(page)
    await page.get_by_role("button", name="Weiter als ich").click()
    # Looks like the code of a new device: asked first, then found to be none.
    await page.evaluate("(hash) => { location.hash = hash }", FRAGMENTS["long-string"])
    await page.get_by_role("dialog").get_by_role("button", name="Verbinden").click()
    await expect(page.get_by_text(NO_LINK)).to_be_visible()
    await unharmed(page)
