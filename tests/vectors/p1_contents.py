"""One content of each kind, and the variants that the vectors need."""

from typing import Any

from p1_cases_forms import det

CONTENTS: dict[str, tuple[int, dict[int, Any]]] = {
    "text": (1, {0: "Grüße von der Baustelle 👷"}),
    "text-reply": (1, {0: "Ja, 工", 1: det("reply", 16), 2: [det("mention", 32)]}),
    "edit": (2, {0: det("target", 16), 1: "neu"}),
    "delete": (3, {0: det("target", 16)}),
    "reaction": (4, {0: det("target", 16), 1: "👍"}),
    "file": (5, {0: "Plan", 1: "files"}),
    "photo": (6, {0: "", 1: "files with thumbnail"}),
    "voice-note": (7, {1: "files", 2: 4200, 3: det("burst", 16)}),
    "voice-note-levels": (7, {1: "files", 2: 60_000, 4: bytes(range(64))}),
    "place": (8, {0: 525_200_000, 1: -134_050_000, 2: 500, 3: "Hof"}),
    "alarm": (9, {0: det("alarm", 16), 1: 1, 2: "Wasser!", 3: det("template", 16)}),
    "alarm-whole": (
        9,
        {
            0: det("alarm", 16),
            1: 3,
            2: "Unfall im Hof",
            4: [[1, "Komme"], [7, "Bringe den Stapler"]],
            5: {0: 525_200_000, 1: 134_050_000, 3: "Hof"},
            6: [],
            7: True,
        },
    ),
    "alarm-template": (
        14,
        {
            0: det("template", 16),
            1: "Räumung",
            2: "Alle zum Sammelplatz",
            3: 3,
            4: [[1, "Bin da"]],
            5: det("policy", 16),
        },
    ),
    "alarm-template-withdrawn": (14, {0: det("template", 16), 1: "", 2: "", 3: 1}),
    "answer": (10, {0: det("alarm", 16), 1: 2, 2: "komme"}),
    "system": (11, {0: "Dach fertig"}),
    "details": (12, {0: "Neubau Müller", 1: "Hauptstraße 1"}),
    "details-place": (12, {0: "Neubau Müller", 1: "Hauptstraße 1", 2: {0: 513_127_000, 1: 94_797_000}}),
    "details-place-alone": (12, {0: "Windrad 7", 2: {0: -900_000_000, 1: 1_800_000_000}}),
    "photo-sources": (6, {0: "Riss", 1: "files with thumbnail", 2: "sources"}),
    "photo-edited-from": (6, {0: "Riss, markiert", 1: "files with thumbnail", 3: det("target", 16)}),
    "defect": (
        13,
        {
            0: det("defect", 16),
            1: det("target", 16),
            2: 0,
            3: 7,
            4: "Riss über dem Sturz",
            5: "2. OG",
            6: "Maler Öztürk",
            7: 0,
            8: 20_800,
        },
    ),
    "defect-done": (13, {0: det("defect", 16), 1: det("target", 16), 2: 9, 3: 9_999, 4: "", 5: "", 6: "", 7: 1}),
    "unknown-kind": (4711, {0: "from a newer version", 23: [1, None]}),
    "long": (1, {0: "Moin. " * 2000}),
}
