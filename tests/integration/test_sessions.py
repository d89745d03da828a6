"""Proof of possession: a token is worth nothing without the device's key, a proof nothing twice or elsewhere."""

import base64
import hashlib
import json
from typing import Any

import pytest
from joserfc import jws
from joserfc.jwk import OKPKey

from malicious.conftest import Firm
from werkfunk.protocol.signing import SigningKey
from werkfunk.sdk.client import Client
from werkfunk.sdk.errors import NotAllowed
from werkfunk.wire import api, frames

from .raw import Wire, ask, code, signed_in

PATH = "/v1/people"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


async def session(client: Client) -> tuple[str, str]:
    """The token that the client holds, and a nonce."""
    await client.core.transport.call("people", api.People)
    return client.core.transport._token, client.core.transport._nonce


def proof(client: Client, token: str, nonce: str, seed: bytes | None = None, **changes: Any) -> str:
    seed = seed or client.core.local.require("device_seed")
    jwk: dict[str, str | list[str]] = {
        "kty": "OKP",
        "crv": "Ed25519",
        "x": b64(SigningKey(seed).public),
        "d": b64(seed),
    }
    key = OKPKey.import_key(jwk)
    claims = {
        "jti": b64(hashlib.sha256(json.dumps(changes, default=str).encode() + nonce.encode() + token.encode()).digest()),
        "htm": "GET", "htu": client.core.transport.base + PATH, "iat": 1, "nonce": nonce,
        "ath": b64(hashlib.sha256(token.encode()).digest()),
    }  # fmt: skip
    header = {"typ": changes.pop("typ", "dpop+jwt"), "alg": "Ed25519", "jwk": key.as_dict(private=False)}
    return jws.serialize_compact(header, json.dumps({**claims, **changes}).encode(), key, algorithms=["Ed25519"])


async def get(client: Client, token: str, sent: str) -> Any:
    return await ask(client.core.transport.base, "GET", PATH, headers={"authorization": f"DPoP {token}", "dpop": sent})


async def test_a_right_proof_is_taken_once(firm: Firm) -> None:
    client = firm.clients["Bernd"]
    token, nonce = await session(client)
    sent = proof(client, token, nonce)
    assert (await get(client, token, sent)).status_code == 200
    replayed = await get(client, token, sent)
    assert (replayed.status_code, code(replayed)) == (401, "proof_replayed")


@pytest.mark.parametrize(
    "wrong",
    [{"htm": "POST"}, {"htu": "http://localhost:1/v1/people"}, {"ath": "x" * 43}, {"typ": "jwt"}, {"jti": "short"}, {"iat": "now"}],
    ids=str,
)  # fmt: skip
async def test_a_proof_for_something_else_is_refused(firm: Firm, wrong: dict[str, Any]) -> None:
    client = firm.clients["Bernd"]
    token, nonce = await session(client)
    answer = await get(client, token, proof(client, token, nonce, **wrong))
    assert (answer.status_code, code(answer)) == (401, "proof_invalid")


async def test_an_unknown_nonce_asks_for_a_new_one(firm: Firm) -> None:
    client = firm.clients["Bernd"]
    token, _ = await session(client)
    answer = await get(client, token, proof(client, token, "old"))
    assert code(answer) == "use_dpop_nonce"
    assert (await get(client, token, proof(client, token, answer.headers["dpop-nonce"]))).status_code == 200


async def test_a_stolen_token_is_worthless(firm: Firm) -> None:
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    token, nonce = await session(anna)
    assert code(await get(bernd, token, proof(bernd, token, nonce))) == "proof_invalid"
    assert code(await get(bernd, token, "")) == "proof_invalid"
    assert code(await get(bernd, token, "a.b.c")) == "proof_invalid"
    assert code(await get(bernd, token, "x" * 5000)) == "proof_invalid"


@pytest.mark.parametrize("token", ["x", "abc", "x" * 76, "ä"])
async def test_a_made_up_token_is_refused(firm: Firm, token: str) -> None:
    client = firm.clients["Bernd"]
    _, nonce = await session(client)
    answer = await ask(
        firm.base, "GET", PATH, headers={"authorization": f"DPoP {token}".encode(), "dpop": proof(client, token, nonce)}
    )
    assert (answer.status_code, code(answer)) == (401, "unauthenticated")


async def test_no_session_for_an_unknown_device(firm: Firm) -> None:
    answer = await ask(
        firm.base, "POST", "/v1/sessions", json={"device": base64.b64encode(bytes(16)).decode()}, headers={"dpop": "x"}
    )
    assert (answer.status_code, code(answer)) == (401, "unauthenticated")


async def test_the_channels_answer_is_for_one_challenge_and_origin(firm: Firm) -> None:
    bernd = firm.clients["Bernd"]
    for wrong in ({"origin": "http://evil.example"}, {"nonce": bytes(32)}):
        wire = await Wire.open(firm.base)
        refused = await wire.sign_in(bernd, **wrong)  # type: ignore[arg-type]
        assert isinstance(refused, frames.Refused)
        assert refused.code == "proof_invalid"
        await wire.ended()


async def test_a_page_of_another_origin_cannot_connect(firm: Firm) -> None:
    from websockets.asyncio.client import connect
    from websockets.exceptions import InvalidStatus
    from websockets.typing import Origin

    url = firm.base.replace("http", "ws") + "/v1/ws"
    with pytest.raises(InvalidStatus):
        await connect(url, origin=Origin("http://evil.example"), proxy=None)


async def test_a_revoked_device_is_cut_off_everywhere_at_once(firm: Firm) -> None:
    from werkfunk.sdk import account

    bernd = firm.clients["Bernd"]
    link = await bernd.office.add_device()
    await account.join(link, firm.folder / "Bernd2", "", "Zweitgerät")
    lost = Client(firm.folder / "Bernd2")
    await lost.connect()
    wire = await signed_in(lost)
    token, nonce = await session(lost)
    await bernd.office.revoke_device(lost.core.keys.device)
    goodbye = await wire.until(frames.Goodbye)
    assert goodbye.code == "device_revoked"
    await wire.ended()
    assert code(await get(lost, token, proof(lost, token, nonce))) == "device_revoked"
    again = await Wire.open(firm.base)
    refused = await again.sign_in(lost)
    assert refused.code == "device_revoked"
    with pytest.raises(NotAllowed) as no:
        await lost.connect()
    assert no.value.code == "device_revoked"
    await lost.close()


async def test_a_removed_person_is_cut_off_everywhere_at_once(firm: Firm) -> None:
    anna, bernd = firm.clients["Anna"], firm.clients["Bernd"]
    wire = await signed_in(bernd)
    token, nonce = await session(bernd)
    await anna.office.remove_person(bernd.core.keys.user)
    assert (await wire.until(frames.Goodbye)).code == "person_removed"
    assert code(await get(bernd, token, proof(bernd, token, nonce))) == "person_removed"
