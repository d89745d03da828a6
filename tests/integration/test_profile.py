"""A profile of the client library on the disk: sealed under a key of its own, which is its owner's alone."""

from malicious.conftest import Firm
from werkfunk.protocol.content import Text
from werkfunk.sdk.local import DATABASE, KEY_FILE

WORDS = "Kabeltrommel Zählerschrank"


async def test_nothing_of_a_profile_is_readable_on_the_disk(firm: Firm) -> None:
    anna, bernd = await firm.people()
    site = await anna.create(f"Titel {WORDS}", [bernd.core.keys.user], site=f"Straße {WORDS}")
    await anna.send(site, WORDS)
    await bernd.connect()
    for name in ("Anna", "Bernd"):
        local = firm.clients[name].core.local
        logs = firm.clients[name].core.logs
        assert [m.content for m in logs.messages(site, 0) if isinstance(m.content, Text)] == [Text(WORDS)]
        secrets = [local.require("device_seed"), local.require("device_box_seed"), WORDS.encode(), name.encode()]
        secrets += [bytes(row[0]) for row in local.rows("SELECT parts FROM parts")]
        files = {path.name: path.read_bytes() for path in (firm.folder / name).iterdir() if path.is_file()}
        assert {KEY_FILE, DATABASE} <= files.keys()
        assert (firm.folder / name / KEY_FILE).stat().st_mode & 0o777 == 0o600
        for data in files.values():
            assert not data.startswith(b"SQLite format 3")
            assert not any(secret in data for secret in secrets)
