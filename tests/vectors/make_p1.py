"""Make the vectors of the areas in p1_operations.py again: `python tests/vectors/make_p1.py`.

Everything is derived from the case's name, so the files come out the same. The exception are HPKE boxes, whose
encapsulation is random: an existing box that still opens is kept.
"""

import shutil
import sys
from collections.abc import Callable

import p1_cases_boxes
import p1_cases_forms
import p1_cases_sealed
import p1_cases_values
from p1_operations import HERE, OPERATIONS, Bytes, read

from werkfunk.protocol.errors import ProtocolError


class Writer:
    """Runs each case before it is written: a vector states what this implementation does, on purpose."""

    def __init__(self) -> None:
        self.files: dict[str, str] = {}
        self.problems: list[str] = []
        self.boxes: dict[str, bytes] = {}

    def add(self, area: str, name: str, must: str, why: str, inputs: Bytes, error: str | None = None) -> None:
        """Add a case; `error` is the code that is expected, None for ok."""
        try:
            outputs, got = OPERATIONS[area](inputs), None
        except ProtocolError as refusal:
            outputs, got = {}, refusal.code
        if got != error:
            self.problems.append(f"{area}/{name}: expected {error}, got {got}")
        lines = [f"case: {name}", f"expect: {'error ' + error if error else 'ok'}", f"why: {why}", f"must: {must}", ""]
        lines += [f"{key} = {value.hex()}".rstrip() for key, value in inputs.items()]
        if outputs:
            lines += ["", *(f"{key} = {value.hex()}".rstrip() for key, value in outputs.items())]
        path = f"{area}/{name}.txt"
        assert path not in self.files, path
        self.files[path] = "\n".join(lines) + "\n"

    def kept(self, area: str, name: str, inputs: Bytes, make: Callable[[], bytes]) -> bytes:
        """The box of an existing case with the same inputs, or a new one."""
        path = HERE / area / f"{name}.txt"
        box = self.boxes.get(str(path))
        if box is None and path.exists():
            old = read(path).inputs
            if all(old.get(key) == value for key, value in inputs.items()):
                box = old.get("box")
        self.boxes[str(path)] = box or make()
        return self.boxes[str(path)]

    def write(self) -> None:
        """Replace the areas' files."""
        if self.problems:
            sys.exit("\n".join(self.problems))
        for area in OPERATIONS:
            shutil.rmtree(HERE / area, ignore_errors=True)
        for path, text in self.files.items():
            (HERE / path).parent.mkdir(exist_ok=True)
            (HERE / path).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    writer = Writer()
    p1_cases_forms.make(writer)
    p1_cases_sealed.make(writer)
    p1_cases_boxes.make(writer)
    p1_cases_values.make(writer)
    writer.write()
    print(f"{len(writer.files)} vectors")
