"""Ways out, against real servers: what arrives, and what never leaves."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from werkfunk.adapters.network import is_public
from werkfunk.adapters.outgoing import Outside, SendFailed
from werkfunk.domain.gateways import Gateway, Https, Smtp

from .sinks import MailSink, WebSink, mail_sink, web_sink

ID = "ab" * 16


@pytest.fixture
async def mails() -> AsyncIterator[MailSink]:
    async with mail_sink() as sink:
        yield sink


@pytest.fixture
async def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[WebSink]:
    async with web_sink(tmp_path) as sink:
        monkeypatch.setenv("SSL_CERT_FILE", str(sink.certificate))
        yield sink


def own(*hosts: str) -> Outside:
    return Outside(hosts, private=True)


def smtp(sink: MailSink, host: str = "127.0.0.1") -> Gateway:
    return Gateway(
        name="Mail", channel="mail", via=Smtp(host=host, port=sink.port, tls="none", sender="funk@firma.example")
    )


def https(sink: WebSink, host: str = "localhost", **more: object) -> Gateway:
    values: dict[str, object] = {
        "url": f"https://{host}:{sink.port}/send?to={{to}}", "headers": {"Authorization": "Bearer {secret}"},
        "body": '{"text": "{text}"}',
    }  # fmt: skip
    return Gateway(name="SMS", channel="sms", via=Https(**{**values, **more}))  # type: ignore[arg-type]


async def test_a_mail_arrives_with_nothing_but_the_level(mails: MailSink) -> None:
    await own("127.0.0.1").send(
        smtp(mails), "", "ali@firma.example", "Alarm, Stufe Notfall. Bitte Werkfunk öffnen.", 3, ID
    )
    ((receivers, mail),) = mails.mails
    assert receivers == ["ali@firma.example"]
    assert mail["Message-ID"] == f"<{ID}@firma.example>"
    assert mail.get_payload(decode=True).decode().strip() == "Alarm, Stufe Notfall. Bitte Werkfunk öffnen."  # type: ignore[union-attr]


async def test_a_mail_that_is_refused_for_good_is_not_tried_again(mails: MailSink) -> None:
    for answer, again in (("550 no such user", False), ("451 later", True)):
        mails.refuse = answer
        with pytest.raises(SendFailed) as no:
            await own("127.0.0.1").send(smtp(mails), "", "a@b.example", "x", 1, ID)
        assert (no.value.code, no.value.again) == (f"smtp_{answer[:3]}", again)


async def test_a_request_arrives_by_tls(web: WebSink) -> None:
    await own("localhost").send(https(web), "s3cret", "+491511234567", "Alarm", 3, ID)
    ((head, body),) = web.requests
    assert head.startswith("POST /send?to=%2B491511234567 HTTP/1.1")
    assert "authorization: Bearer s3cret" in head
    assert f"idempotency-key: {ID}" in head
    assert body == b'{"text": "Alarm"}'


@pytest.mark.parametrize(
    ("answer", "code", "again"),
    [
        ("302 Found\r\nLocation: https://localhost/", "status_302", False), ("500 No", "status_500", True),
        ("429 Slow", "status_429", True), ("400 Bad", "status_400", False),
    ],
)  # fmt: skip
async def test_answers_other_than_success(web: WebSink, answer: str, code: str, again: bool) -> None:
    web.answers = [answer]
    with pytest.raises(SendFailed) as no:
        await own("localhost").send(https(web), "s3cret", "+491511234567", "Alarm", 3, ID)
    assert (no.value.code, no.value.again) == (code, again)
    assert len(web.requests) == 1, "no redirect is followed"


async def test_private_addresses_and_unknown_hosts_are_refused(web: WebSink, mails: MailSink) -> None:
    strict = Outside(["localhost", "127.0.0.1"], private=False)
    for gateway in (https(web), https(web, "127.0.0.1")):
        with pytest.raises(SendFailed, match="private_address"):
            await strict.send(gateway, "", "+491511234567", "x", 1, ID)
    encrypted = Gateway(name="M", channel="mail", via=Smtp(host="localhost", port=mails.port, sender="a@b.example"))
    with pytest.raises(SendFailed, match="private_address"):
        await strict.send(encrypted, "", "a@b.example", "x", 1, ID)
    with pytest.raises(SendFailed, match="not_allowed"):
        await Outside([], private=True).send(https(web), "s3cret", "+491511234567", "x", 1, ID)
    assert (web.requests, mails.mails) == ([], [])


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("127.0.0.1", False), ("10.1.2.3", False), ("192.168.1.1", False), ("169.254.169.254", False), ("100.64.0.1", False),
        ("::1", False), ("fe80::1%eth0", False), ("fd00::1", False), ("::ffff:10.0.0.1", False), ("0.0.0.0", False),
        ("224.0.0.1", False), ("8.8.8.8", True), ("2001:4860:4860::8888", True), ("::ffff:8.8.8.8", True),
    ],
)  # fmt: skip
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


async def test_a_certificate_for_another_is_refused(web: WebSink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(SendFailed, match="no_connection"):
        await own("localhost").send(https(web), "s3cret", "+491511234567", "Alarm", 3, ID)
    assert web.requests == []
