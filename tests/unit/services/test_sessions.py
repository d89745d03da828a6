"""Proofs and tokens grow old: a proof with its nonce, a token after its hours; both clocks are handed in."""

import hashlib
from typing import Any, cast

import pytest

from unit.protocol.protocol_world import World, make_world
from werkfunk.domain import limits
from werkfunk.domain.errors import Code, Failure
from werkfunk.protocol.proofs import b64, sign_proof
from werkfunk.services.directory import Directory
from werkfunk.services.sessions import NONCE_S, Sessions

ORIGIN, PATH = "https://funk.example", "/v1/people"


class Site:
    """Sessions of a server whose times of day and since its start are set by hand."""

    def __init__(self, world: World) -> None:
        self.now, self.seconds, self.made = 1_795_430_400_000, 1_000.0, 0
        self.person = world.joerg
        directory = Directory(cast(Any, None), lambda: self.now)
        directory.organisation = world.organisation
        for user in world.users.values():
            directory._keep(user)
        self.sessions = Sessions(
            directory, lambda: self.now, lambda: self.seconds, bytes(32), lambda: (ORIGIN,), most=1_000
        )

    def proof(self, method: str, path: str, token: str = "", nonce: str = "") -> str:
        self.made += 1
        claims: dict[str, Any] = {
            "jti": f"proof {self.made:04}", "htm": method, "htu": ORIGIN + path, "iat": 1,
            "nonce": nonce or self.sessions.nonce(),
        }  # fmt: skip
        if token:
            claims["ath"] = b64(hashlib.sha256(token.encode()).digest())
        return sign_proof(self.person.key, claims)

    def open(self) -> tuple[str, int]:
        path = "/v1/sessions"
        return self.sessions.open(self.person.author.device, "POST", path, self.proof("POST", path))

    def refused(self, token: str, proof: str) -> Code | None:
        try:
            subject = self.sessions.authenticate(f"DPoP {token}", "GET", PATH, proof)
        except Failure as failure:
            return failure.code
        assert subject.user == self.person.state.id
        return None


@pytest.fixture
def site() -> Site:
    return Site(make_world())


def test_a_proof_is_good_for_the_period_of_its_nonce_and_the_next(site: Site) -> None:
    token, _ = site.open()
    made = [site.proof("GET", PATH, token) for _ in range(3)]
    assert site.refused(token, made[0]) is None
    site.seconds += NONCE_S
    assert site.refused(token, made[1]) is None
    site.seconds += NONCE_S
    assert site.refused(token, made[2]) is Code.NONCE_REQUIRED, "two periods later it is void, though never used"
    assert site.refused(token, site.proof("GET", PATH, token)) is None


def test_no_session_is_opened_with_an_old_proof(site: Site) -> None:
    path = "/v1/sessions"
    old = site.proof("POST", path)
    site.seconds += 2 * NONCE_S
    with pytest.raises(Failure) as refused:
        site.sessions.open(site.person.author.device, "POST", path, old)
    assert refused.value.code is Code.NONCE_REQUIRED


def test_a_used_proof_stays_used_as_long_as_its_nonce_is_taken_and_is_void_after(site: Site) -> None:
    token, _ = site.open()
    used = site.proof("GET", PATH, token)
    assert site.refused(token, used) is None
    assert site.refused(token, used) is Code.PROOF_REPLAYED
    site.seconds += NONCE_S
    assert site.refused(token, used) is Code.PROOF_REPLAYED
    for _ in range(10):
        site.seconds += NONCE_S
        assert site.refused(token, used) is Code.NONCE_REQUIRED


def test_a_token_ends_after_its_life_by_the_time_of_day(site: Site) -> None:
    token, end = site.open()
    assert end == site.now + limits.SESSION_S * 1000
    site.now = end
    assert site.refused(token, site.proof("GET", PATH, token)) is None
    site.now = end + 1_000
    assert site.refused(token, site.proof("GET", PATH, token)) is Code.UNAUTHENTICATED
    again, _ = site.open()
    assert site.refused(again, site.proof("GET", PATH, again)) is None


def test_a_nonce_of_the_server_before_its_restart_is_void(site: Site) -> None:
    token, _ = site.open()
    nonce = site.sessions.nonce()
    restarted = Site(make_world())
    assert restarted.refused(token, site.proof("GET", PATH, token, nonce)) is Code.NONCE_REQUIRED
    assert restarted.refused(token, restarted.proof("GET", PATH, token)) is None
