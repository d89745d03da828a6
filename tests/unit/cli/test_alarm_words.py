"""The command line, its papers and the app call the same thing by the same word."""

import re
from pathlib import Path

import pytest

from werkfunk.cli import alarm_words
from werkfunk.domain.alarms import Level, Stage, Status

CATALOGUE = Path(__file__).parents[3] / "web" / "src" / "lib" / "i18n" / "areas" / "alarm.ts"


def app(prefix: str) -> dict[str, str]:
    """The app's German words below a prefix: the first half of the area."""
    said: dict[str, str] = {}
    for key, text in re.findall(rf'"{re.escape(prefix)}([\w]+)":\s+"([^"]*)"', CATALOGUE.read_text()):
        said.setdefault(key, text)
    return said


@pytest.mark.parametrize(
    ("prefix", "words"),
    [
        ("alarm.status.", alarm_words.STATUS), ("alarm.stage.", alarm_words.STAGES), ("alarm.mark.", alarm_words.MARKS),
        ("alarm.send.", alarm_words.SENDS),
    ],
)  # fmt: skip
def test_the_words_are_those_of_the_app(prefix: str, words: dict[str, str]) -> None:
    assert app(prefix) == words


def test_levels_and_duty_are_called_as_in_the_app() -> None:
    assert app("alarm.level.") == {str(int(level)): alarm_words.LEVELS[level.name.lower()] for level in Level}
    assert {name: app("duty.")[name] for name in alarm_words.DUTY} == alarm_words.DUTY


def test_nothing_that_an_alarm_can_be_is_without_a_word() -> None:
    assert {status.name.lower() for status in Status} == set(alarm_words.STATUS)
    assert {stage.name.lower() for stage in Stage} | {"unreachable"} == set(alarm_words.STAGES)
