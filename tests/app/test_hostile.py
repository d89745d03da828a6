"""What people send is text and bytes, never a page: names, titles, messages, file names, file contents."""

import re
from dataclasses import replace

from playwright.async_api import expect

from e2e.process import Cli, Serving
from werkfunk.protocol.content import Photo

from .conftest import Make, MakeEngine
from .crew import crew, look, sent
from .people import Library

SCRIPT = "<img src=x onerror=\"document.title='hacked'\"><script>document.title='hacked'</script>{{7*7}}${7*7}"
SVG = b"<svg xmlns='http://www.w3.org/2000/svg' onload='document.title=\"hacked\"'><script>alert(1)</script></svg>"
HTML = b"<!doctype html><script>document.title='hacked'</script>"
# A whole GIF, and a page after its end.
GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\xff\xff\xff\x00\x00\x00,\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02D\x01\x00;"
)
POLYGLOT = GIF + HTML


async def test_nothing_that_is_sent_becomes_a_page(server: Serving, desktop: Make, engine: MakeEngine) -> None:
    team = await crew(server, desktop, engine)
    page, ben = team.page, team.ben
    await ben("people.profile", {"name": SCRIPT[:60]})
    site = str(await ben("chats.create", "site", SCRIPT[:80], SCRIPT[:100], [team.anna_id]))
    first = await ben.say(site, SCRIPT)
    await ben.say(site, 'javascript:alert(1) data:text/html,<b>x</b> https://a.example/"onmouseover=alert(1)', first)
    await ben("messages.react", site, first, "<b>")
    for data, name, kind, is_photo in (
        (SVG, "plan.svg", "image/svg+xml", False),
        (HTML, "seite.html", "text/html", False),
        (POLYGLOT, "bild.gif", "text/html", False),
        (HTML, "rechnung\u202efdp.html", "application/xhtml+xml", False),
        (HTML, "<img src=x onerror=alert(1)>.html", "text/html", False),
    ):
        await ben.say(site, "", None, [sent(data, name, kind, is_photo=is_photo)])
    await team.open(site)
    log = page.get_by_role("log")
    await expect(log.get_by_text(SCRIPT, exact=True).first).to_be_visible()
    for link in await log.get_by_role("link").all():
        assert re.match(r"^(https?|mailto|tel):", await link.get_attribute("href") or "")
    assert await log.locator("script, svg script, iframe, object, embed, [onerror], [onload]").count() == 0
    for name, saved_as in (
        ("plan.svg", "plan.svg"),
        ("seite.html", "seite.html"),
        ("bild.gif", "bild.gif"),
        ("rechnungfdp.html", "rechnungfdp.html"),
        ("_img src=x onerror=alert(1)_.html", "_img src=x onerror=alert(1)_.html"),
    ):
        async with page.expect_download() as saving:
            await log.get_by_role("button", name=name).click()
        download = await saving.value
        assert download.suggested_filename == saved_as
        assert download.url.startswith("blob:")
    await look(page, "hostile")
    await page.get_by_role("button", name="Über diesen Chat").click()
    await expect(page.get_by_role("heading", name="Beteiligte")).to_be_visible()
    address = page.get_by_role("link", name=re.compile("Karten-App"))
    assert (await address.get_attribute("href") or "").startswith("geo:0,0?q=%3Cimg")
    await page.goto(f"{team.anna.origin}/c/%3Cscript%3Ealert(1)%3C%2Fscript%3E")
    await expect(page.get_by_text("Das gibt es nicht mehr.")).to_be_visible()
    assert len(page.context.pages) == 1
    assert await page.title() == "Werkfunk"


async def test_a_link_in_a_message_fetches_nothing(server: Serving, phone: Make, engine: MakeEngine) -> None:
    """No preview: the device's guard fails on any request to another origin, and what is no call of the API is not asked of the own either."""
    team = await crew(server, phone, engine)
    site = await team.site("Lindenweg 4")
    page = await team.open(site)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    await team.ben.say(site, f"https://elsewhere.example/a.png und {team.anna.origin}/c/1")
    await expect(page.get_by_role("link", name="https://elsewhere.example/a.png")).to_be_visible()
    assert [url for url in asked if "/v1/" not in url] == []


async def test_a_photo_that_is_none_is_no_page_either(
    cli: Cli, server: Serving, phone: Make, engine: MakeEngine
) -> None:
    """A client that lies sends pages and drawings with scripts as photos, and as their thumbnails, under any media type."""
    team = await crew(server, phone, engine)
    page = team.page
    eve = await Library(cli.folder / "eve", "Eve").join((await team.ben("people.invite", "member", 1, 1))["link"])
    site = await eve.create("Lindenweg 4", "", [team.anna_id])
    made = ((HTML, "text/html"), (SVG, "image/svg+xml"), (POLYGLOT, "image/gif"), (HTML, "image/png"))
    for data, kind in made:
        blob = await eve.client.core.files.upload_bytes(bytes.fromhex(site), "wand.jpg", data)
        file = replace(blob, media_type=kind, thumbnail=SVG, width=400, height=300)
        await eve.client.outbox.send(bytes.fromhex(site), Photo("", (file,)), [blob.blob_id])
    await eve.close()
    await expect(page.get_by_role("link", name=re.compile("Lindenweg 4"))).to_be_visible()
    await team.open(site)
    photos = page.get_by_role("button", name="Foto 1 von 1")
    await expect(photos).to_have_count(len(made))
    await photos.first.click()
    viewer = page.get_by_role("dialog", name="Foto")
    for number, (data, kind) in enumerate(made, start=1):
        await expect(viewer.get_by_text(f"Foto {number} von {len(made)}")).to_be_visible()
        async with page.expect_download() as saving:
            await viewer.get_by_role("button", name="Herunterladen").click()
        saved = await saving.value
        assert saved.url.startswith("blob:"), kind
        assert (await saved.path()).read_bytes() == data
        await page.keyboard.press("ArrowRight")
    assert await page.locator("script:not([src]), iframe, object, embed, svg script").count() == 0
    assert len(page.context.pages) == 1
    assert await page.title() == "Werkfunk"
