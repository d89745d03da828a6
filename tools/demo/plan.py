"""The floor plan that the demonstration's office sends, as PDF."""

import io

from PIL import Image, ImageDraw, ImageFont

SIZE = (2339, 1654)
"""A3 at 100 dots an inch, landscape: 1 m of the building is 150 dots."""
WALLS = (
    (200, 200, 2000, 224), (200, 1276, 2000, 1300), (200, 200, 224, 1300), (1976, 200, 2000, 1300),
    (860, 200, 876, 620), (860, 800, 876, 1300), (1400, 200, 1416, 520), (1400, 700, 1416, 1300),
    (200, 700, 560, 716), (720, 700, 876, 716), (876, 700, 1040, 716), (1200, 700, 1416, 716), (1416, 760, 1976, 776),
)  # fmt: skip
ROOMS = (
    (300, 320, "Wohnzimmer", "24,6 m²"), (300, 960, "Schlafzimmer", "15,8 m²"), (960, 320, "Küche", "12,4 m²"),
    (960, 960, "Flur", "11,2 m²"), (1540, 420, "Bad", "7,9 m²"), (1540, 980, "Kind", "13,5 m²"),
)  # fmt: skip
SOCKETS = (
    (240, 420), (240, 560), (840, 380), (240, 1120), (840, 1180), (900, 300), (900, 380), (900, 460), (1380, 420),
    (1960, 420), (1440, 1100), (1960, 1160), (640, 1260), (420, 240), (620, 240),
)  # fmt: skip
LIGHTS = ((540, 460), (520, 1000), (1140, 460), (1140, 1000), (1700, 480), (1700, 1030))


def pdf() -> bytes:
    """The plan of the first floor: walls, rooms, sockets, lights and a title block."""
    image = Image.new("RGB", SIZE, "white")
    draw = ImageDraw.Draw(image)
    plain, small = ImageFont.load_default(30), ImageFont.load_default(22)
    draw.rectangle((60, 60, SIZE[0] - 60, SIZE[1] - 60), outline="black", width=4)
    for wall in WALLS:
        draw.rectangle(wall, fill=(60, 60, 64))
    for x in (420, 1040, 1620):
        draw.rectangle((x, 198, x + 220, 226), fill="white", outline="black", width=3)
    for x, y, room, size in ROOMS:
        draw.text((x, y), room, fill="black", font=plain)
        draw.text((x, y + 38), size, fill=(90, 90, 94), font=small)
    for x, y in SOCKETS:
        draw.arc((x - 18, y - 18, x + 18, y + 18), 180, 360, fill=(190, 30, 30), width=4)
        draw.line((x - 18, y, x + 18, y), fill=(190, 30, 30), width=4)
        draw.line((x, y, x, y + 14), fill=(190, 30, 30), width=4)
    for x, y in LIGHTS:
        draw.ellipse((x - 20, y - 20, x + 20, y + 20), outline=(30, 70, 170), width=4)
        draw.line((x - 14, y - 14, x + 14, y + 14), fill=(30, 70, 170), width=4)
        draw.line((x - 14, y + 14, x + 14, y - 14), fill=(30, 70, 170), width=4)
    draw.line((200, 1360, 2000, 1360), fill="black", width=2)
    for x, text in ((200, ""), (868, "4,45 m"), (1408, "3,60 m"), (2000, "3,92 m")):
        draw.line((x, 1345, x, 1375), fill="black", width=3)
        draw.text((x - 330, 1372), text, fill="black", font=small)
    draw.rectangle((1560, 1420, SIZE[0] - 60, SIZE[1] - 60), outline="black", width=3)
    draw.text((1590, 1440), "Elektro Wendel GmbH", fill="black", font=plain)
    draw.text((1590, 1485), "Lindenweg 4 · 1. OG · Elektroinstallation", fill="black", font=small)
    draw.text((1590, 1520), "Plan E-101 · M 1:50 · Rev. C", fill="black", font=small)
    out = io.BytesIO()
    image.save(out, "PDF", resolution=141.4)
    return out.getvalue()
