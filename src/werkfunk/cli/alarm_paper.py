"""An alarm's report on sheets of A4, for people; what it says is in `sdk/alarm_report.py`. Made on this machine.

Import this module only when somebody asks for a PDF: what writes it is large.
"""

import logging
from pathlib import Path
from typing import Any

from fpdf import FPDF

from werkfunk.cli.alarm_words import LEVELS, MARKS, SENDS, STAGES
from werkfunk.cli.people import local
from werkfunk.sdk.errors import Usage

MARGIN, WIDTH, BOTTOM = 15, 180, 18
LINE_MM = 0.48
"""Height of a line for each point of its letters."""
DARK, SOFT, RULE = 20, 95, 200


def fonts() -> tuple[Path, Path]:
    """Inter, regular and bold, as the app ships them (SIL Open Font License): every name is right. Raises Usage."""
    assets = Path(__file__).parents[1] / "web" / "assets"
    regular, bold = (sorted(assets.glob(f"Inter_{weight}-*.ttf")) for weight in ("400Regular", "700Bold"))
    if not regular or not bold:
        raise Usage("the app is not built, and its font is missing: `make app`, or write the report as JSON")
    return regular[0], bold[0]


class _Paper(FPDF):
    """Text from top to bottom; lengths in mm, letters in points."""

    def __init__(self, title: str) -> None:
        super().__init__(format="A4")
        # What a font does not have is left out; nobody at a terminal can do anything about it.
        for name in ("fpdf", "fontTools"):
            logging.getLogger(name).setLevel(logging.ERROR)
        for style, font in zip(("", "B"), fonts(), strict=True):
            self.add_font("Inter", style, font)
        self.set_margins(MARGIN, MARGIN)
        self.set_auto_page_break(True, BOTTOM)
        self.set_title(title)
        self.set_creator("Werkfunk")
        self.set_lang("de")
        self.add_page()

    def footer(self) -> None:
        """Called by fpdf2 at the end of each sheet; it puts the number of sheets in place of {nb}."""
        self.set_y(-12)
        self._ink(8, soft=True)
        self.cell(0, 5, f"Werkfunk · Seite {self.page_no()} von {{nb}}")

    def _ink(self, size: float, *, bold: bool = False, soft: bool = False) -> None:
        self.set_font("Inter", "B" if bold else "", size)
        self.set_text_color(SOFT if soft else DARK)

    def say(self, text: str, size: float = 10, *, bold: bool = False, soft: bool = False) -> None:
        """A paragraph over the whole width."""
        self._ink(size, bold=bold, soft=soft)
        self.multi_cell(0, size * LINE_MM, text, align="L", new_x="LMARGIN", new_y="NEXT")

    def heading(self, text: str) -> None:
        """A rule and a title; never alone at the end of a sheet."""
        if self.will_page_break(20):
            self.add_page()
        self.ln(4)
        self.set_draw_color(RULE)
        self.line(MARGIN, self.get_y(), MARGIN + WIDTH, self.get_y())
        self.ln(2)
        self.say(text, 12, bold=True)

    def row(self, time: int, text: str) -> None:
        """When, and what."""
        if self.will_page_break(6):
            self.add_page()
        self._ink(10, soft=True)
        self.cell(44, 10 * LINE_MM, local(time) if time else "–")
        self._ink(10)
        self.multi_cell(0, 10 * LINE_MM, text, align="L", new_x="LMARGIN", new_y="NEXT")


def sheets(report: dict[str, Any]) -> bytes:
    """A PDF of `alarm_report.document`. Raises Usage where the font is missing."""
    title = f"Bericht: Alarm – {LEVELS[report['level']]}"
    paper = _Paper(title)
    if report["drill"]:
        paper.say("ÜBUNG – kein echter Alarm", 14, bold=True)
    paper.say(title, 20, bold=True)
    paper.say(report["text"] or "Alarm", 14)
    raiser = f"von {report['raiser']}" if report["raiser"] else "von einer Maschine, ohne Unterschrift"
    paper.say(" · ".join([local(report["started"]), raiser, *report["conversations"]]), soft=True)
    paper.ln(3)
    seen, called = report["seen"], report["called"]
    numbers = f"{report['coming']} kommen · {seen}/{called} bestätigt · {called - seen} fehlen"
    paper.say(numbers, 12, bold=True)
    paper.heading("Personen")
    for person in report["people"]:
        said = " ".join([person["answer"] or STAGES[person["state"]], *(f"„{words}“" for words in person["words"])])
        last = max(person["delivered"], person["displayed"], person["acknowledged"])
        paper.row(last, f"{person['name']}: {said}")
    paper.heading("Verlauf")
    for mark in report["timeline"]:
        paper.row(mark["at"], MARKS[mark["what"]].format(number=mark["number"]))
    if report["messages"]:
        paper.heading("SMS, Anrufe, E-Mails")
    for message in report["messages"]:
        paper.row(message["at"], f"{message['name']}: {SENDS[message['state']]}")
    return bytes(paper.output())
