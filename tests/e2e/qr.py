"""A QR code read off a terminal, by the decoder with which the app's scanner reads: two modules stand in each character."""

import json
import subprocess
from pathlib import Path

WEB = Path(__file__).parents[2] / "web"
LIGHT = {"█": (True, True), "▀": (True, False), "▄": (False, True), " ": (False, False)}
DECODE = """
const { rows, size } = JSON.parse(require("fs").readFileSync(0, "utf-8"));
const [width, height] = [rows[0].length * size, rows.length * size];
const pixels = new Uint8ClampedArray(4 * width * height);
for (let y = 0; y < height; y++) for (let x = 0; x < width; x++)
  pixels.fill(rows[Math.floor(y / size)][Math.floor(x / size)] ? 255 : 0, 4 * (y * width + x), 4 * (y * width + x) + 4);
const found = require("jsqr")(pixels, width, height, { inversionAttempts: "dontInvert" });
process.stdout.write(found ? found.data : "");
"""


def read_code(printed: str) -> str:
    """What the QR code among printed lines says, light on dark; "" where none is."""
    lines = [line for line in printed.splitlines() if len(line) > 20 and not line.strip("".join(LIGHT))]
    rows = [[LIGHT[c][half] for c in line] for line in lines for half in (0, 1)]
    if not rows:
        return ""
    given = json.dumps({"rows": rows, "size": 4})
    return subprocess.run(
        ["node", "-e", DECODE], cwd=WEB, input=given, capture_output=True, text=True, check=True
    ).stdout
