"""`werkfunk profile`: a picture that others see, small, square and without what the camera said."""

from pathlib import Path

from app.pictures import opened, says_nothing, secret_photo
from werkfunk.sdk.client import Client

from .process import Cli, Serving


async def seen(cli: Cli, by: str, person: str, title: str) -> bytes | None:
    async with Client(Path(cli.folder, by)) as client:
        await client.connect()
        return await client.portraits.of(bytes.fromhex(person), client.find_conversation(title))


async def test_a_picture_is_chosen_and_taken_away(cli: Cli, server: Serving) -> None:
    petra = cli.one("join", server.setup, "--profile", "petra", "--name", "Petra")["person"]
    link = cli.one("invite", "--profile", "petra")["link"]
    cli.one("join", link, "--profile", "ali", "--name", "Ali")
    cli.one("create", "--profile", "petra", "--title", "Lindenweg", "--with", "Ali")
    assert cli.one("profile", "--profile", "petra") == {"person": petra, "name": "Petra", "picture": False}
    (cli.folder / "ich.png").write_bytes(secret_photo(1600, 1200, "PNG"))
    assert cli.one("profile", "--profile", "petra", "--picture", "ich.png")["picture"] is True
    jpeg = await seen(cli, "ali", petra, "Lindenweg")
    assert jpeg is not None
    says_nothing(jpeg)
    assert opened(jpeg).size == (192, 192)
    # The key comes into a new conversation with the next command.
    cli.one("create", "--profile", "ali", "--title", "Lager", "--with", "Petra")
    cli.lines("conversations", "--profile", "petra")
    assert await seen(cli, "ali", petra, "Lager") == jpeg
    assert cli.raw("profile", "--profile", "petra").stdout == "Petra, mit Bild\n"
    cli.one("profile", "--profile", "petra", "--no-picture")
    assert await seen(cli, "ali", petra, "Lindenweg") is None
    assert cli.one("profile", "--profile", "petra")["picture"] is False


def test_what_is_no_picture_ends_with_2(cli: Cli, server: Serving) -> None:
    cli.one("join", server.setup, "--profile", "petra", "--name", "Petra")
    (cli.folder / "text.jpg").write_text("Hallo")
    assert cli.code("profile", "--profile", "petra", "--picture", "text.jpg") == 2
    assert cli.code("profile", "--profile", "petra", "--picture", "text.jpg", "--no-picture") == 2
    assert cli.one("profile", "--profile", "petra")["picture"] is False
