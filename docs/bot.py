"""A bot in a few lines: reads `werkfunk listen --json`, writes answers for `werkfunk send --to C -`.

    werkfunk listen --profile bot --json | python bot.py | werkfunk send --profile bot --to "Baustelle Süd" -

It answers "!echo TEXT" and "!uhr". Answers never begin with "!", so it does not answer itself.
"""

import json
import sys
from datetime import datetime


def answer(text: str) -> str | None:
    """What to say to a message, or None to say nothing."""
    if text.startswith("!echo "):
        return f"Echo: {text.removeprefix('!echo ')}"
    if text.strip() == "!uhr":
        return f"Es ist {datetime.now():%H:%M} Uhr."
    return None


for line in sys.stdin:
    message = json.loads(line)
    said = answer(message["text"])
    if said is not None:
        print(said, flush=True)
