"""The alarm as a state machine: each rule in words, and a model under any order of answers, restarts and clock steps."""

from dataclasses import replace

import msgspec
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from werkfunk.domain import alarms
from werkfunk.domain.alarm_policy import Goal, Policy, Step, Whom, words
from werkfunk.domain.alarms import COMING, MINUTES, NOT_COMING, Alarm, Escalate, Finish, Repeat, Skip, Stage, Status

ANNA, BERND, CLARA, DORA = (name * 32 for name in (b"a", b"b", b"c", b"d"))
PLAN = b"p" * 16
T = 1_800_000_000_000  # a moment of our time: 0 says "has not happened", so a clock set back must not end there
POLICY = Policy(
    name="Notfall",
    repeat_every=60,
    repeat_times=2,
    steps=[
        Step(after=180, unless=Goal(coming=2), to=Whom(plan=PLAN), via=["voice"]),
        Step(after=120, to=Whom(silent=True, people=[DORA]), via=["app", "sms", "mail"]),
    ],
    stop=Goal(coming=3, everyone=True),
)


def raised(policy: Policy = POLICY) -> Alarm:
    return alarms.begin(policy, [ANNA, BERND, CLARA], [], T)


def run(alarm: Alarm, now: int) -> tuple[Alarm, list[alarms.Action]]:
    done = []
    while True:
        alarm, action = alarms.tick(alarm, now)
        if action is None:
            return alarm, done
        done.append(action)


def test_without_answers_it_repeats_and_escalates() -> None:
    alarm = raised()
    seen: list[tuple[int, alarms.Action]] = []
    while (at := alarms.due(alarm)) is not None:
        alarm, done = run(alarm, at)
        assert done, "something is due, so something is done"
        seen += [((at - T) // 1000, action) for action in done]
    assert [(at, type(action)) for at, action in seen] == [
        (60, Repeat), (120, Repeat), (180, Escalate), (300, Escalate), (86_400, Finish),
    ]  # fmt: skip
    assert alarm.status is Status.EXPIRED


def test_a_step_whose_goal_is_reached_is_skipped() -> None:
    alarm = raised()
    for user in (ANNA, BERND):
        alarm = alarms.heard(alarm, user, Stage.ACKNOWLEDGED, T, COMING)
    alarm, done = run(alarm, T + 180_000)
    assert done == [Skip(1), Repeat(1)]


@pytest.mark.parametrize("codes", [[COMING, MINUTES + 5, COMING], [NOT_COMING, alarms.SEEN, None]])
def test_it_stops_when_enough_come_or_everybody_has_confirmed(codes: list[int | None]) -> None:
    alarm = raised()
    for user, code in zip((ANNA, BERND, CLARA), codes, strict=True):
        assert run(alarm, T + 1)[1] == []
        alarm = alarms.heard(alarm, user, Stage.ACKNOWLEDGED, T + 1, code)
    alarm, done = run(alarm, T + 1)
    assert done == [Finish(Status.REACHED)]
    assert run(alarm, T + 10**7)[1] == []


def test_own_answer_codes_count_only_if_the_raiser_said_so() -> None:
    alarm = alarms.begin(POLICY, [ANNA], [7], T)
    assert alarms.heard(alarm, ANNA, Stage.ACKNOWLEDGED, T, 7).numbers() == (1, 1, 1)
    assert alarms.heard(alarm, ANNA, Stage.ACKNOWLEDGED, T, 8).numbers() == (0, 1, 1)


def test_an_ended_alarm_hears_and_does_nothing_more() -> None:
    for status in (Status.ENDED, Status.CANCELLED):
        ended = alarms.finish(raised(), status)
        assert alarms.due(ended) is None
        assert run(ended, T + 10**9) == (ended, [])
        assert alarms.heard(ended, ANNA, Stage.ACKNOWLEDGED, T, COMING) == ended
        assert alarms.finish(ended, Status.ENDED) == ended


def test_stages_never_go_back_and_the_last_answer_counts() -> None:
    person = alarms.report(alarms.Person(), Stage.DISPLAYED, 5)
    assert (person.delivered, person.displayed, person.stage) == (5, 5, Stage.DISPLAYED)
    person = alarms.report(alarms.report(person, Stage.DELIVERED, 9), Stage.ACKNOWLEDGED, 10, COMING)
    person = alarms.report(person, Stage.ACKNOWLEDGED, 11, NOT_COMING)
    assert (person.delivered, person.acknowledged, person.code) == (5, 10, NOT_COMING)
    # To look again says nothing new.
    assert alarms.report(person, Stage.ACKNOWLEDGED, 12, alarms.SEEN).code == NOT_COMING


def test_who_has_not_got_it_in_a_minute_is_unreachable() -> None:
    person = alarms.Person()
    assert not person.unreachable(T, T + 59_999)
    assert person.unreachable(T, T + 60_000)
    assert not alarms.report(person, Stage.DELIVERED, T).unreachable(T, T + 60_000)


def test_people_of_a_later_step_do_not_lose_what_they_have_said() -> None:
    alarm = alarms.heard(raised(), ANNA, Stage.DISPLAYED, T + 1)
    alarm = alarms.enlist(alarm, [ANNA, DORA], 2)
    assert (alarm.people[ANNA].displayed, alarm.people[ANNA].step) == (T + 1, 0)
    assert alarm.people[DORA].step == 2


def test_after_an_outage_nothing_comes_in_a_heap() -> None:
    alarm, done = run(raised(), T + 3_600_000)
    assert [type(action) for action in done] == [Escalate, Repeat]
    assert alarms.due(alarm) == T + 3_600_000 + 60_000


def test_a_clock_set_back_delays_by_no_more_than_one_wait() -> None:
    alarm, _ = run(raised(), T + 60_000)
    alarm, done = run(alarm, T - 10**8)
    assert done == []
    assert alarms.due(alarm) == T - 10**8 + 60_000


def test_the_policy_in_words() -> None:
    names = {DORA: "Dora", ANNA: "Anna"}
    assert words(POLICY, lambda user: names[user], lambda plan: "Wasser") == [
        "Alle 1 Minute wiederholen, höchstens 2-mal.",
        "Nach 3 Minuten ohne 2 Zusagen: Bereitschaft „Wasser“ per Anruf.",
        "Nach weiteren 2 Minuten, wenn jemand fehlt: wer fehlt und Dora in der App, per SMS und per E-Mail.",
        "Ende, sobald 3 kommen oder alle bestätigt haben.",
    ]
    assert words(Policy(name="-", stop=Goal()), str, str) == ["Keine Wiederholung, keine weitere Stufe."]


def test_a_policy_keeps_its_form_in_json() -> None:
    data = msgspec.json.encode(POLICY)
    assert msgspec.json.decode(data, type=Policy) == POLICY
    for wrong in (
        b'{"name": ""}', b'{"name": "x", "more": 1}', b'{"name": "x", "steps": [{"after": 1, "to": {}, "via": ["app"]}]}',
        b'{"name": "x", "steps": [{"after": 60, "to": {}, "via": []}]}',
        b'{"name": "x", "steps": [{"after": 60, "to": {}, "via": ["fax"]}]}',
    ):  # fmt: skip
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(wrong, type=Policy)


goals = st.builds(Goal, coming=st.integers(0, 4), seen=st.integers(0, 4), everyone=st.booleans())
policies = st.builds(
    Policy,
    name=st.just("x"),
    repeat_every=st.sampled_from([0, 10, 60]),
    repeat_times=st.integers(0, 3),
    steps=st.lists(
        st.builds(
            Step,
            after=st.sampled_from([5, 60, 180]),
            unless=goals,
            to=st.builds(Whom, silent=st.booleans(), people=st.lists(st.sampled_from([DORA, ANNA]), max_size=2)),
            via=st.just(["app"]),
        ),
        max_size=3,
    ),
    stop=goals,
)
people = st.sampled_from([ANNA, BERND, CLARA, DORA])


class AlarmLife(RuleBasedStateMachine):
    """A server that may stop between any two commits, a clock that may jump, people who answer in any order."""

    @initialize(policy=policies)
    def begin(self, policy: Policy) -> None:
        self.now = T
        self.alarm = alarms.begin(policy, [ANNA, BERND, CLARA], [], T)
        self.done: list[alarms.Action] = []
        self.waited = 0

    def commit(self, alarm: Alarm, action: alarms.Action | None) -> None:
        """State and what was done share a transaction."""
        if isinstance(action, Escalate):
            users = list(action.step.to.people) + (alarm.silent() if action.step.to.silent else [])
            alarm = alarms.enlist(alarm, users, action.number)
        self.alarm = alarm
        if action is not None:
            self.done.append(action)

    @rule(seconds=st.sampled_from([1, 10, 60, 200, 5_000, 90_000]))
    def time_passes(self, seconds: int) -> None:
        self.now += seconds * 1000

    @rule(seconds=st.sampled_from([1, 3_600, 10**6]))
    def the_clock_is_set_back(self, seconds: int) -> None:
        self.now -= seconds * 1000

    @rule()
    def the_server_ticks(self) -> None:
        for _ in range(20):
            alarm, action = alarms.tick(self.alarm, self.now)
            self.commit(alarm, action)
            if action is None:
                return
        raise AssertionError("one moment never brings so much")

    @rule()
    def the_server_dies_before_the_commit(self) -> None:
        before = self.alarm
        alarms.tick(self.alarm, self.now)
        assert self.alarm == before

    @rule(user=people, stage=st.sampled_from(Stage), code=st.sampled_from([None, 0, 1, 2, 7, MINUTES + 10]))
    def somebody_reports(self, user: bytes, stage: Stage, code: int | None) -> None:
        before = self.alarm.people.get(user)
        self.alarm = alarms.heard(self.alarm, user, stage, self.now, code)
        after = self.alarm.people.get(user)
        if before is not None and after is not None:
            assert after.stage >= before.stage
            for name in ("delivered", "displayed", "acknowledged"):
                assert getattr(before, name) in (0, getattr(after, name))
            assert after.code is not None or before.code is None

    @rule(status=st.sampled_from([Status.ENDED, Status.CANCELLED]))
    def somebody_ends_it(self, status: Status) -> None:
        if len(self.done) > 2:
            self.alarm = alarms.finish(self.alarm, status)

    @invariant()
    def each_step_and_round_happened_once_and_in_order(self) -> None:
        steps = [a.number for a in self.done if isinstance(a, Escalate | Skip)]
        rounds = [a.round for a in self.done if isinstance(a, Repeat)]
        assert steps == list(range(1, self.alarm.step + 1))
        assert rounds == list(range(1, self.alarm.round + 1))
        assert len(steps) <= len(self.alarm.policy.steps)
        assert len(rounds) <= self.alarm.policy.repeat_times
        ends = [a for a in self.done if isinstance(a, Finish)]
        assert [e.status for e in ends] in ([], [Status.REACHED], [Status.EXPIRED], [Status.REACHED, Status.EXPIRED])

    @invariant()
    def nothing_is_done_after_the_end(self) -> None:
        if self.alarm.status not in alarms.OPEN:
            assert alarms.due(self.alarm) is None
            assert alarms.tick(self.alarm, self.now + 10**9) == (self.alarm, None)

    @invariant()
    def what_is_due_is_never_further_than_the_longest_wait_after_a_tick(self) -> None:
        alarm, _ = alarms.tick(self.alarm, self.now)
        at = alarms.due(alarm)
        if at is not None:
            assert at - self.now <= alarms.EXPIRES_MS

    @invariant()
    def numbers_agree_with_the_people(self) -> None:
        coming, seen, everybody = self.alarm.numbers()
        assert 0 <= coming <= seen <= everybody == len(self.alarm.people)
        assert len(self.alarm.silent()) == everybody - seen


TestAlarmLife = AlarmLife.TestCase


def test_the_alarm_is_a_value() -> None:
    assert raised() == replace(raised())
