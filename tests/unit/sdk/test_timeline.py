"""Folding edits, deletions and reactions into the messages that they are about."""

from werkfunk.protocol.content import Content, Defect, DefectState, Delete, Edit, Reaction, Text
from werkfunk.sdk.log import Message
from werkfunk.sdk.timeline import fold, fold_defects

ANNA, BERND = b"a" * 32, b"b" * 32


def said(seq: int, sender: bytes, content: Content) -> Message:
    return Message(b"c" * 16, seq, seq * 1000, bytes([seq]) * 16, sender, content)


def test_m31_edit_counts_only_from_the_author() -> None:
    first = said(1, ANNA, Text("Morgen um 7"))
    shown = fold([first, said(2, BERND, Edit(first.id, "Morgen um 9")), said(3, ANNA, Edit(first.id, "Morgen um 8"))])
    assert [(s.message.content, s.edited) for s in shown] == [(Text("Morgen um 8"), True)]


def test_m31_delete_counts_only_from_the_author() -> None:
    first = said(1, ANNA, Text("geheim"))
    assert not fold([first, said(2, BERND, Delete(first.id))])[0].deleted
    (gone,) = fold([first, said(2, ANNA, Delete(first.id)), said(3, ANNA, Edit(first.id, "doch"))])
    assert gone.deleted
    assert gone.message.content == Text("")


def test_a_reaction_is_replaced_and_taken_back() -> None:
    first = said(1, ANNA, Text("Fertig"))
    reacted = [first, said(2, BERND, Reaction(first.id, "👍")), said(3, ANNA, Reaction(first.id, "🎉"))]
    assert fold(reacted)[0].reactions == {BERND: "👍", ANNA: "🎉"}
    assert fold([*reacted, said(4, BERND, Reaction(first.id, ""))])[0].reactions == {ANNA: "🎉"}


def test_a_change_of_something_unknown_is_passed_over() -> None:
    assert fold([said(1, ANNA, Edit(b"x" * 16, "?")), said(2, ANNA, Delete(b"y" * 16))]) == []


def defect(name: bytes, number: int, state: DefectState) -> Defect:
    return Defect(name * 16, b"p" * 16, 0, number, "Riss", "2. OG", "Maler", state)


def test_of_a_defect_the_newest_counts_whoever_wrote_it() -> None:
    log = [
        said(1, ANNA, defect(b"2", 2, DefectState.OPEN)),
        said(2, ANNA, defect(b"1", 1, DefectState.OPEN)),
        said(3, BERND, defect(b"2", 2, DefectState.DONE)),
    ]
    assert [(d.number, d.state) for d in fold_defects(log)] == [(1, DefectState.OPEN), (2, DefectState.DONE)]
    assert fold(log) == []
