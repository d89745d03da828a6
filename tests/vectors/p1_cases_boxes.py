"""Cases of boxes: of generations, repairs, grants, holders and audits, and of the answer to a device that is scanned."""

from collections.abc import Callable
from typing import Any

from p1_cases_forms import det, flip, num
from p1_cases_sealed import CONVERSATION, KEY, USER

from werkfunk.protocol.boxes import BoxKey, seal
from werkfunk.protocol.cbor import encode, tagged
from werkfunk.protocol.generation import Parts
from werkfunk.protocol.kdf import sha256
from werkfunk.protocol.labels import Label
from werkfunk.protocol.links import DeviceLink, InviteLink, to_bytes
from werkfunk.protocol.offers import make_offer
from werkfunk.protocol.padding import pad
from werkfunk.protocol.signing import SigningKey
from werkfunk.protocol.statements import Head


def make(w: Any) -> None:
    """Add all of them."""
    _boxes(w)
    _offers(w)


def _boxes(w: Any) -> None:
    seed = det("user seed", 32)
    public = BoxKey(seed).public
    parts = [Parts((det(f"s1 {g}", 32), det(f"s2 {g}", 32), det(f"s3 {g}", 32))) for g in range(6)]
    commitments = [b"".join(p.commitments(CONVERSATION, g)) for g, p in enumerate(parts)]
    three = parts[3]
    c = three.commitments(CONVERSATION, 3)
    base = {"seed": seed, "conversation": CONVERSATION, "generation": num(3), "commitments": commitments[3]}
    base |= {"user": USER, "box_generation": num(2)}

    def boxed(area: str, name: str, inputs: dict[str, bytes], info: bytes, plain: bytes, *, hashed: bool) -> Any:
        fixed = dict(inputs)
        box = w.kept(area, name, fixed, lambda: seal(public, info, plain))
        return {**fixed, "box": box, **({"box_hash": sha256(box)} if hashed else {})}

    def bad_box(area: str, good: dict[str, bytes], changes: dict[str, tuple[dict[str, bytes], str]]) -> None:
        must = {"grant-box": "M26", "repair-box": "M27", "generation-box": "M25"}.get(area, "M37")
        for name, (change, error) in changes.items():
            w.add(area, name, must, name.replace("-", " "), {**good, **change}, error)

    tail = (USER, 2)
    wrong_parts = Parts((three.parts[1], three.parts[0], three.parts[2])).to_bytes()
    other = commitments[3][32:64] + commitments[3][:32] + commitments[3][64:]
    openers: dict[str, tuple[Label, bool, str]] = {
        "generation-box": (Label.GENERATION_BOX, True, "M25"),
        "repair-box": (Label.REPAIR_BOX, False, "M27"),
    }
    for area, (label, hashed, must) in openers.items():
        info = tagged(label, CONVERSATION, 3, *c, *tail)
        good = boxed(area, "ok", base, info, three.to_bytes(), hashed=hashed)
        w.add(area, "ok", must, "three parts of 32 bytes", good)
        swapped = boxed(area, "parts-swapped", base, info, wrong_parts, hashed=hashed)
        w.add(area, "parts-swapped", must, "s2, s1, s3", swapped, "commitment_mismatch")
        short = boxed(area, "parts-short", base, info, three.to_bytes()[:-1], hashed=hashed)
        w.add(area, "parts-short", must, "95 bytes", short, "parts_length")
        bad_box(
            area,
            good,
            {
                "other-generation": ({"generation": num(4)}, "box_invalid"),
                "other-conversation": ({"conversation": det("other", 16)}, "box_invalid"),
                "other-user": ({"user": det("other", 32)}, "box_invalid"),
                "other-box-generation": ({"box_generation": num(1)}, "box_invalid"),
                "other-commitments": ({"commitments": other}, "box_invalid"),
                "other-seed": ({"seed": det("other", 32)}, "box_invalid"),
            },
        )
    info = tagged(Label.GENERATION_BOX, CONVERSATION, 3, *c, *tail)
    good = boxed("generation-box", "ok", base, info, three.to_bytes(), hashed=True)
    bad_box("generation-box", good, {"other-hash": ({"box_hash": bytes(32)}, "box_hash_mismatch")})
    flipped = flip(good["box"], -1)
    changed = {"box": flipped, "box_hash": sha256(flipped)}
    bad_box("generation-box", good, {"flipped": (changed, "box_invalid")})
    repair = {**base, "box": good["box"]}
    w.add("repair-box", "generation-box", "M2", "a generation's box passed on as it is", repair, "box_invalid")

    _grants(w, boxed, bad_box, base, parts, commitments)

    indices = {1: (2, 3), 2: (1, 3), 3: (1, 2)}
    for index, held in indices.items():
        inputs = {**base, "index": num(index)}
        info = tagged(Label.HOLDER_BOX, CONVERSATION, 3, *c, *tail, index)
        plain = b"".join(three.parts[j - 1] for j in held)
        good = boxed("holder-box", f"ok-{index}", inputs, info, plain, hashed=True)
        w.add("holder-box", f"ok-{index}", "M37", f"all parts but s{index}", good)
        inputs = {**inputs, "held": plain}
        info = tagged(Label.RELEASE, CONVERSATION, 3, *c, *tail, index)
        good = boxed("release", f"ok-{index}", inputs, info, three.parts[index - 1], hashed=False)
        w.add("release", f"ok-{index}", "M37", f"s{index} is released", good)
    index_info = tagged(Label.HOLDER_BOX, CONVERSATION, 3, *c, *tail, 1)
    inputs = {**base, "index": num(1)}
    swapped = boxed("holder-box", "parts-swapped", inputs, index_info, three.parts[2] + three.parts[1], hashed=True)
    w.add("holder-box", "parts-swapped", "M37", "s3, s2", swapped, "commitment_mismatch")
    whole = boxed("holder-box", "all-parts", inputs, index_info, three.to_bytes(), hashed=True)
    w.add("holder-box", "all-parts", "M37", "all three parts", whole, "parts_length")
    good = {**inputs, "box": swapped["box"], "box_hash": swapped["box_hash"]}
    bad_box("holder-box", good, {"other-index": ({"index": num(2)}, "box_invalid")})
    info = tagged(Label.RELEASE, CONVERSATION, 3, *c, *tail, 1)
    inputs = {**base, "index": num(1), "held": three.parts[1] + three.parts[2]}
    wrong = boxed("release", "wrong-part", inputs, info, three.parts[1], hashed=False)
    w.add("release", "wrong-part", "M37", "s2 instead of s1", wrong, "commitment_mismatch")
    bad_box("release", wrong, {"other-user": ({"user": det("other", 32)}, "box_invalid")})
    _audit(w, boxed)


def _grants(w: Any, boxed: Callable[..., Any], bad_box: Callable[..., None], base: Any, parts: Any, com: Any) -> None:
    def plain(numbers: list[int]) -> bytes:
        return pad(encode([[g, *parts[g].parts] for g in numbers]))

    span = {**base, "generation": num(2), "last": num(4), "commitments": b"".join(com[2:5])}
    info = tagged(Label.GRANT_BOX, CONVERSATION, 2, 4, USER, 2)
    good = boxed("grant-box", "ok", span, info, plain([2, 3, 4]), hashed=True)
    w.add("grant-box", "ok", "M26", "generations 2 to 4", good)
    one = {**span, "last": num(2), "commitments": com[2]}
    info_one = tagged(Label.GRANT_BOX, CONVERSATION, 2, 2, USER, 2)
    w.add(
        "grant-box",
        "ok-one",
        "M26",
        "generation 2",
        boxed("grant-box", "ok-one", one, info_one, plain([2]), hashed=True),
    )
    text = pad(encode([[2, *parts[2].parts], [3, *parts[3].parts], [4, "x" * 32, *parts[4].parts[1:]]]))
    for name, data, error in (
        ("generation-missing", plain([2, 4]), "grant_form"),
        ("generation-extra", plain([2, 3, 4, 5]), "grant_form"),
        ("out-of-order", plain([3, 2, 4]), "grant_form"),
        ("other-generations", plain([1, 2, 3]), "grant_form"),
        ("part-of-text", text, "grant_form"),
        ("map", pad(encode({0: 1})), "grant_form"),
        ("not-padded", encode([[2, *parts[2].parts]]), "padding_invalid"),
        ("part-short", pad(encode([[g, b"", *parts[g].parts[1:]] for g in (2, 3, 4)])), "parts_length"),
        ("wrong-part", pad(encode([[g, *parts[5].parts] for g in (2, 3, 4)])), "commitment_mismatch"),
    ):
        wrong = boxed("grant-box", name, span, info, data, hashed=True)
        w.add("grant-box", name, "M26", name.replace("-", " "), wrong, error)
    bad_box(
        "grant-box",
        good,
        {
            "other-hash": ({"box_hash": bytes(32)}, "box_hash_mismatch"),
            "other-user": ({"user": det("other", 32)}, "box_invalid"),
            "other-box-generation": ({"box_generation": num(1)}, "box_invalid"),
            "other-conversation": ({"conversation": det("other", 16)}, "box_invalid"),
            "other-span": ({"last": num(5), "commitments": b"".join(com[2:6])}, "box_invalid"),
        },
    )


def _audit(w: Any, boxed: Callable[..., Any]) -> None:
    case = det("case", 16)
    inputs = {"seed": det("user seed", 32), "case_id": case, "conversation": CONVERSATION, "generation": num(3)}
    inputs |= {"auditor": USER, "box_generation": num(2)}
    info = tagged(Label.AUDIT, case, CONVERSATION, 3, USER, 2)
    keys = [[det(f"audited {i}", 16), det(f"audited key {i}", 32)] for i in range(3)]
    good = boxed("audit", "ok", inputs, info, pad(encode(keys)), hashed=False)
    w.add("audit", "ok", "M37", "three message keys", good)
    for name, data, error in (
        ("not-padded", encode(keys), "padding_invalid"),
        ("map", pad(encode({0: keys})), "audit_form"),
        ("key-short", pad(encode([[keys[0][0], bytes(31)]])), "audit_form"),
        ("numbers", pad(encode([[2**40, 2**40]])), "audit_form"),
        ("triple", pad(encode([[*keys[0], 0]])), "audit_form"),
    ):
        wrong = boxed("audit", name, inputs, info, data, hashed=False)
        w.add("audit", name, "M37", name.replace("-", " "), wrong, error)
    for name, change in {
        "other-case": {"case_id": det("other", 16)},
        "other-auditor": {"auditor": det("x", 32)},
    }.items():
        w.add("audit", name, "M37", name.replace("-", " "), {**good, **change}, "box_invalid")


def _offers(w: Any) -> None:
    seed, signing, nonce = det("box seed", 32), KEY.public, det("nonce", 32)
    public = BoxKey(seed).public
    shown = make_offer(signing, public, nonce)
    link = to_bytes(
        DeviceLink(det("org", 32), Head(5, det("head", 32)), USER, Head(2, det("tip", 32)), det("ticket", 16))
    )[1]
    invite = to_bytes(InviteLink(det("org", 32), det("invite", 32), det("invite seed", 32)))[1]
    base = {"seed": seed, "signing": signing, "offered": public, "nonce": nonce, "hash": shown.hash}

    def answered(name: str, plain: bytes, secret: bytes = nonce) -> dict[str, bytes]:
        info = tagged(Label.OFFER_ANSWER, secret, shown.hash)
        return {**base, "box": w.kept("offer", name, base, lambda: seal(public, info, plain))}

    good = answered("ok", link)
    w.add("offer", "ok", "M42", "the ticket's link for the scanned device", good)
    other = BoxKey(det("other", 32)).public
    for name, change, error in (
        ("other-signing", {"signing": SigningKey(det("other", 32)).public}, "offer_mismatch"),
        ("other-box-key", {"offered": other}, "offer_mismatch"),
        ("other-nonce", {"nonce": det("other", 32)}, "offer_mismatch"),
        ("other-hash", {"hash": det("other", 32)}, "offer_mismatch"),
        ("other-offer", {"nonce": bytes(32), "hash": make_offer(signing, public, bytes(32)).hash}, "box_invalid"),
        ("other-seed", {"seed": det("other", 32)}, "box_invalid"),
        ("flipped", {"box": flip(good["box"], -1)}, "box_invalid"),
    ):
        w.add("offer", name, "M42", name.replace("-", " "), {**good, **change}, error)
    unknowing = answered("without-the-nonce", link, bytes(32))
    w.add("offer", "without-the-nonce", "M42", "an answer of the server's own", unknowing, "box_invalid")
    w.add("offer", "invite-inside", "M42", "another kind of link", answered("invite-inside", invite), "link_form")
    w.add("offer", "cut-inside", "M42", "a link cut off", answered("cut-inside", link[:-1]), "link_form")
