"""The photos of the demonstration, drawn: a fuse box, wall slots, cable trays … Nobody else's pictures, nobody's rights."""

import random
from collections.abc import Callable

from PIL import Image, ImageDraw, ImageFilter

from tools.demo.brush import SIZE, Colour, cable, lit, rough, soft_shadow, surface

PLASTER: Colour = (205, 198, 186)
CONCRETE: Colour = (156, 156, 152)
BROWN, BLUE, GREEN, GREY, ORANGE = (112, 70, 40), (42, 98, 178), (120, 160, 40), (150, 152, 152), (214, 112, 36)


def verteiler() -> Image.Image:
    """A distribution board with its door off."""
    image = surface(PLASTER)
    soft_shadow(image, (330, 90, 1270, 1110), 26)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((330, 90, 1270, 1110), 14, fill=(236, 237, 235), outline=(178, 180, 178), width=6)
    draw.rectangle((380, 140, 1220, 1060), fill=(214, 216, 214))
    for row, count in enumerate((12, 11, 0)):
        top = 210 + row * 285
        draw.rectangle((400, top + 70, 1200, top + 100), fill=(168, 170, 170))
        for number in range(count):
            left = 410 + number * 65
            wide = 2 if row == 0 and number == 0 else 1
            if row == 0 and number == 1:
                continue
            draw.rounded_rectangle(
                (left, top, left + 65 * wide - 5, top + 170), 4, fill=(247, 247, 245), outline=(150, 152, 152), width=2
            )
            knob = BLUE if row == 0 and number < 2 else (60, 62, 64)
            draw.rectangle((left + 16, top + 62, left + 65 * wide - 22, top + 106), fill=knob)
            draw.rectangle(
                (left + 10, top + 130, left + 65 * wide - 16, top + 140), fill=(190, 60, 50) if row else (60, 120, 70)
            )
        draw.rectangle((400, top + 185, 1200, top + 212), fill=(250, 249, 240), outline=(190, 190, 186))
        for number in range(count):
            draw.line((418 + number * 65, top + 199, 450 + number * 65, top + 199), fill=(90, 92, 96), width=4)
    draw.rectangle((400, 800, 1200, 960), fill=(198, 200, 200), outline=(160, 162, 162), width=3)
    for number in range(14):
        cable(
            draw,
            [(430 + number * 54, 1056), (436 + number * 54, 1000), (430 + number * 54, 880)],
            (BROWN, BLUE, GREEN)[number % 3],
            12,
        )
    return lit(image)


def schlitze() -> Image.Image:
    """Slots in a brick wall, with boxes and flexible conduit."""
    chance = random.Random(4)
    image = surface((168, 104, 78), 18)
    draw = ImageDraw.Draw(image)
    for row in range(13):
        y = row * 96
        draw.line((0, y, 1600, y), fill=(186, 178, 164), width=12)
        for column in range(9):
            x = column * 200 + (row % 2) * 100
            draw.line((x, y, x, y + 96), fill=(184, 176, 162), width=11)
    plaster = Image.new("L", SIZE, 0)
    edge = ImageDraw.Draw(plaster)
    edge.rectangle((0, 0, 1600, 1200), fill=235)
    for box in ((760, -40, 880, 760), (330, 700, 1330, 810), (300, 700, 420, 1010), (1220, 560, 1340, 1010)):
        edge.polygon(rough(box, chance, 26, 26), fill=0)
    image.paste(surface(PLASTER, 16), mask=plaster.filter(ImageFilter.GaussianBlur(2)))
    draw = ImageDraw.Draw(image)
    for box in ((790, -40, 850, 770), (350, 725, 1310, 785), (330, 730, 390, 990), (1250, 600, 1310, 990)):
        draw.polygon(rough(box, chance), fill=(88, 54, 42))
    for points in (
        [(818, -20), (822, 400), (816, 740)], [(372, 756), (800, 750), (1290, 758)], [(360, 760), (362, 880), (358, 960)],
        [(1280, 640), (1282, 800), (1278, 960)],
    ):  # fmt: skip
        cable(draw, points, (52, 54, 56), 34)
        for step in range(0, 60):
            (x0, y0), (x1, y1) = points[0], points[-1]
            at_x, at_y = x0 + (x1 - x0) * step / 60, y0 + (y1 - y0) * step / 60
            draw.ellipse((at_x - 17, at_y - 3, at_x + 17, at_y + 3), outline=(30, 31, 32))
    for x, y in ((360, 980), (1280, 980), (1280, 590)):
        draw.ellipse((x - 74, y - 74, x + 74, y + 74), fill=(222, 118, 40), outline=(120, 58, 16), width=8)
        draw.ellipse((x - 56, y - 56, x + 56, y + 56), fill=(54, 34, 22))
    for _ in range(70):
        left, ground = chance.uniform(0, 1600), 1200 - abs(chance.gauss(0, 40))
        size = chance.uniform(4, 26)
        draw.ellipse((left, ground - size, left + size * 1.4, ground), fill=(150, 92, 70))
    return lit(image, (0.6, 0.3))


def dosen() -> Image.Image:
    """Five flush boxes in a row, wires coming out, a spirit level above."""
    image = surface(PLASTER, 18)
    draw = ImageDraw.Draw(image)
    soft_shadow(image, (180, 250, 1420, 330), 14)
    draw.rounded_rectangle((180, 250, 1420, 330), 8, fill=(226, 190, 30), outline=(120, 100, 20), width=4)
    draw.rounded_rectangle((740, 268, 860, 312), 16, fill=(190, 226, 90), outline=(90, 110, 30), width=4)
    draw.ellipse((786, 276, 816, 304), fill=(236, 246, 190))
    for x in (776, 824):
        draw.line((x, 268, x, 312), fill=(60, 70, 20), width=3)
    for number in range(5):
        x, y = 330 + number * 236, 620 + (4 if number == 0 else 0)
        draw.ellipse((x - 132, y - 132, x + 132, y + 132), fill=(174, 166, 152))
        draw.ellipse((x - 118, y - 118, x + 118, y + 118), fill=(38, 40, 42), outline=(90, 92, 94), width=10)
        draw.ellipse((x - 88, y - 88, x + 88, y + 88), fill=(20, 21, 22))
        for offset, colour in ((-34, BROWN), (0, BLUE), (34, GREEN)):
            cable(
                draw,
                [(x + offset / 2, y - 30), (x + offset, y + 110), (x + offset * 1.9, y + 260 + number * 9)],
                colour,
                15,
            )
            end = (x + offset * 1.9, y + 260 + number * 9)
            draw.ellipse((end[0] - 6, end[1] - 8, end[0] + 6, end[1] + 14), fill=(204, 132, 70))
    return lit(image, (0.5, 0.1))


def kabeltrasse() -> Image.Image:
    """A cable tray under a ceiling, in perspective."""
    image = surface(CONCRETE, 20)
    draw = ImageDraw.Draw(image)
    far = (840.0, 470.0)
    draw.polygon([(0, 1200), (0, 900), far, (1600, 860), (1600, 1200)], fill=(112, 112, 110))
    for x in (-200, 300, 900, 1500, 2100):
        draw.line((x, -80, *far), fill=(140, 140, 137), width=5)
    draw.polygon([(240, 0), (1180, 0), (866, 470), (812, 470)], fill=(182, 186, 188))
    for step in range(1, 18):
        share = 1 - 0.8**step
        left, right = 240 + (812 - 240) * share, 1180 + (866 - 1180) * share
        draw.line((left, 470 * share, right, 470 * share), fill=(116, 120, 122), width=max(2, int(16 * (1 - share))))
    for number, colour in enumerate((GREY, GREY, (60, 62, 64), GREY, ORANGE, GREY, BLUE, BLUE, BLUE)):
        start = 320 + number * 78 + (60 if number > 5 else 0)
        cable(
            draw,
            [(start, -10), (start + (838 - start) * 0.5, 235), (816 + number * 5, 468)],
            colour,
            24 if number < 6 else 14,
        )
    draw.line((800, -10, 842, 470), fill=(206, 210, 212), width=9)
    for x in (240, 1180):
        draw.line((x, 0, 812 if x < 800 else 866, 470), fill=(206, 210, 212), width=16)
    for share in (0.15, 0.52):
        for base, end in ((240, 812), (1180, 866)):
            hung = base + (end - base) * share
            draw.line((hung, 0, hung, 470 * share), fill=(90, 94, 96), width=10)
    return lit(image, (0.55, 0.5), 130)


def schalter() -> Image.Image:
    """A finished combination: switch and two sockets on a fresh wall."""
    image = surface((226, 222, 214), 7)
    soft_shadow(image, (420, 380, 1180, 650), 14, 90)
    draw = ImageDraw.Draw(image)
    draw.rounded_rectangle((420, 380, 1180, 650), 18, fill=(250, 250, 248), outline=(206, 206, 202), width=4)
    for number in range(3):
        x = 444 + number * 246
        draw.rounded_rectangle((x, 404, x + 222, 626), 12, fill=(246, 246, 243), outline=(214, 214, 210), width=4)
        if number == 0:
            draw.line((x + 4, 515, x + 218, 515), fill=(198, 198, 194), width=4)
            draw.polygon([(x + 4, 408), (x + 218, 408), (x + 218, 512), (x + 4, 512)], fill=(253, 253, 251))
            continue
        draw.ellipse((x + 25, 429, x + 197, 601), fill=(226, 226, 222), outline=(180, 180, 176), width=5)
        for dx in (76, 146):
            draw.ellipse((x + dx - 10, 505, x + dx + 10, 525), fill=(40, 40, 40))
        for y in (434, 586):
            draw.rectangle((x + 96, y, x + 126, y + 12), fill=(188, 156, 90))
    draw.rectangle((0, 1050, 1600, 1200), fill=(188, 150, 108))
    draw.rectangle((0, 1020, 1600, 1056), fill=(244, 243, 238))
    return lit(image, (0.3, 0.1), 80)


def riss() -> Image.Image:
    """A socket that sits crooked, its cover cracked."""
    image = surface(PLASTER, 16)
    plate = Image.new("RGBA", (460, 460), (0, 0, 0, 0))
    draw = ImageDraw.Draw(plate)
    draw.rounded_rectangle((20, 20, 440, 440), 24, fill=(248, 248, 245), outline=(190, 190, 186), width=6)
    draw.ellipse((90, 90, 370, 370), fill=(228, 228, 224), outline=(176, 176, 172), width=7)
    for x in (172, 288):
        draw.ellipse((x - 17, 213, x + 17, 247), fill=(38, 38, 38))
    draw.line([(30, 120), (96, 150), (128, 132), (176, 190), (206, 176), (222, 214)], fill=(70, 66, 62), width=5)
    draw.line([(128, 132), (150, 80), (142, 26)], fill=(82, 78, 74), width=4)
    turned = plate.rotate(-6, Image.Resampling.BICUBIC, expand=True)
    soft_shadow(image, (590, 380, 1010, 800), 16)
    image.paste(turned, (560, 350), turned)
    edge = ImageDraw.Draw(image)
    edge.line([(560, 860), (520, 930), (545, 990), (500, 1090)], fill=(150, 142, 130), width=4)
    return lit(image, (0.45, 0.3))


def zaehler() -> Image.Image:
    """A meter cabinet."""
    image = surface((188, 186, 180), 12)
    soft_shadow(image, (300, 60, 1300, 1150), 22)
    draw = ImageDraw.Draw(image)
    draw.rectangle((300, 60, 1300, 1150), fill=(230, 231, 229), outline=(160, 162, 160), width=8)
    for x in (360, 840):
        draw.rectangle((x, 120, x + 400, 620), fill=(210, 212, 210), outline=(170, 172, 170), width=4)
        draw.rounded_rectangle((x + 70, 190, x + 330, 560), 12, fill=(58, 60, 64))
        draw.rectangle((x + 105, 240, x + 295, 310), fill=(168, 186, 160))
        for digit in range(6):
            draw.rectangle((x + 116 + digit * 30, 254, x + 134 + digit * 30, 296), outline=(50, 60, 48), width=4)
        draw.ellipse((x + 180, 360, x + 220, 400), fill=(190, 40, 36))
    draw.rectangle((360, 680, 1240, 860), fill=(214, 216, 214), outline=(168, 170, 168), width=4)
    for number in range(12):
        left = 380 + number * 60
        if number in (9, 10):
            continue
        draw.rounded_rectangle((left, 700, left + 54, 840), 4, fill=(246, 246, 244), outline=(140, 142, 142), width=2)
        draw.rectangle((left + 14, 746, left + 40, 786), fill=(44, 46, 48))
    draw.rounded_rectangle((1120, 700, 1224, 840), 6, fill=(200, 44, 38))
    for number in range(9):
        cable(
            draw,
            [(420 + number * 90, 1150), (430 + number * 90, 1000), (410 + number * 84, 862)],
            GREY if number % 4 else (58, 60, 62),
            22,
        )
    return lit(image, (0.4, 0.35), 120)


def leuchten() -> Image.Image:
    """A classroom's ceiling with rows of lights."""
    image = surface((214, 212, 204), 8)
    draw = ImageDraw.Draw(image)
    far = (800.0, 560.0)
    draw.polygon([(0, 1200), (0, 820), (520, 640), (1080, 640), (1600, 820), (1600, 1200)], fill=(166, 138, 104))
    draw.polygon([(520, 430), (1080, 430), (1080, 640), (520, 640)], fill=(232, 226, 206))
    draw.polygon([(600, 470), (1000, 470), (1000, 590), (600, 590)], fill=(52, 84, 70), outline=(150, 112, 70), width=8)
    draw.polygon([(0, 60), (520, 430), (520, 640), (0, 820)], fill=(202, 196, 182))
    draw.polygon([(1600, 60), (1080, 430), (1080, 640), (1600, 820)], fill=(196, 214, 222))
    for x0, x1 in ((140, 330), (700, 900), (1270, 1460)):
        for share in (0.02, 0.3, 0.52, 0.68):

            def at(x: float, part: float) -> tuple[float, float]:
                return x + (far[0] - x) * part, 10 + (430 - 10) * part

            box = [at(x0, share), at(x1, share), at(x1, share + 0.13), at(x0, share + 0.13)]
            draw.polygon(box, fill=(255, 253, 240), outline=(190, 190, 180))
    for row in range(3):
        for column in range(4):
            x, y = 260 + column * 300 + row * 20, 800 + row * 120
            draw.polygon(
                [(x, y), (x + 190, y), (x + 210, y + 46), (x - 20, y + 46)], fill=(206, 176, 132), outline=(120, 96, 66)
            )
    return lit(image, (0.5, 0.25), 90)


def theke() -> Image.Image:
    """A bakery's counter under a band of warm light."""
    image = surface((96, 74, 58), 10)
    draw = ImageDraw.Draw(image)
    glow = Image.new("L", SIZE, 0)
    ImageDraw.Draw(glow).rectangle((140, 330, 1460, 700), fill=190)
    image.paste((255, 214, 140), mask=glow.filter(ImageFilter.GaussianBlur(110)))
    draw.rectangle((140, 316, 1460, 340), fill=(255, 246, 214))
    for shelf in (560, 700):
        draw.rectangle((160, shelf, 1440, shelf + 16), fill=(126, 92, 58))
        for number in range(14):
            x = 190 + number * 88
            tone = (196, 132, 62) if (number + shelf) % 3 else (164, 98, 44)
            draw.ellipse((x, shelf - 52, x + 74, shelf + 4), fill=tone, outline=(110, 66, 30), width=3)
            draw.arc((x + 16, shelf - 44, x + 58, shelf - 8), 200, 320, fill=(226, 178, 110), width=4)
    draw.rectangle((100, 800, 1500, 1200), fill=(132, 98, 66))
    for x in range(100, 1500, 175):
        draw.line((x, 800, x, 1200), fill=(104, 76, 50), width=5)
    draw.rectangle((80, 770, 1520, 806), fill=(228, 222, 212))
    return lit(image, (0.5, 0.35), 110)


def pv() -> Image.Image:
    """Rows of modules on a flat roof under a cloudy sky."""
    image = surface((158, 190, 216), 4)
    draw = ImageDraw.Draw(image)
    clouds = Image.new("L", SIZE, 0)
    cloud = ImageDraw.Draw(clouds)
    chance = random.Random(7)
    for _ in range(26):
        x, y = chance.uniform(0, 1600), chance.uniform(40, 360)
        cloud.ellipse((x, y, x + chance.uniform(160, 420), y + chance.uniform(30, 80)), fill=150)
    image.paste((246, 248, 250), mask=clouds.filter(ImageFilter.GaussianBlur(34)))
    draw.polygon([(0, 470), (1600, 430), (1600, 1200), (0, 1200)], fill=(138, 138, 134))
    for row, (y, tall) in enumerate(((520, 90), (680, 150), (910, 250))):
        wide, gap = 170 + row * 66, 12
        for number in range(-1, 9):
            x = number * (wide + gap) - row * 60
            slant = 40 + row * 26
            box = [(x + slant, y), (x + wide + slant, y - 4), (x + wide, y + tall - 6), (x, y + tall)]
            draw.polygon([(px + 10, py + 16) for px, py in box], fill=(98, 98, 95))
            draw.polygon(box, fill=(24, 36, 70), outline=(186, 190, 196), width=5)
            for part in range(1, 6):
                a = (box[0][0] + (box[1][0] - box[0][0]) * part / 6, y - 2)
                b = (box[3][0] + (box[2][0] - box[3][0]) * part / 6, y + tall - 3)
                draw.line((*a, *b), fill=(66, 84, 128), width=3)
            draw.line(
                (x + slant / 2, y + tall / 2, x + wide + slant / 2, y + tall / 2 - 5), fill=(66, 84, 128), width=3
            )
    return lit(image, (0.7, 0.0), 70)


def graben() -> Image.Image:
    """A trench with conduits."""
    chance = random.Random(2)
    image = surface((122, 108, 72), 30)
    draw = ImageDraw.Draw(image)
    draw.polygon([(420, 1200), (660, 0), (900, 0), (1240, 1200)], fill=(92, 66, 44))
    draw.polygon([(560, 1200), (714, 0), (846, 0), (1090, 1200)], fill=(58, 42, 30))
    for offset, colour in ((-60, (196, 52, 40)), (70, (40, 42, 44))):
        cable(draw, [(820 + offset * 2.6, 1210), (794 + offset * 1.4, 600), (780 + offset * 0.4, -10)], colour, 44)
    for side in (-1, 1):
        for _ in range(240):
            y = chance.uniform(0, 1200)
            x = 780 + side * (200 + y * 0.36) + chance.gauss(0, 34) + side * 40
            size = chance.uniform(4, 10 + y / 44)
            tone = chance.randint(-14, 18)
            draw.ellipse((x, y, x + size * 1.3, y + size), fill=(112 + tone, 82 + tone, 54 + tone))
    return lit(image, (0.3, 0.1))


def potenzialausgleich() -> Image.Image:
    """A bonding conductor at a bath's foot."""
    image = surface((190, 192, 190), 10)
    draw = ImageDraw.Draw(image)
    draw.polygon([(0, 1200), (0, 880), (1600, 820), (1600, 1200)], fill=(140, 138, 132))
    draw.rounded_rectangle((-200, 120, 1240, 640), 90, fill=(248, 249, 250), outline=(208, 212, 214), width=8)
    draw.rectangle((300, 620, 380, 900), fill=(150, 154, 156), outline=(104, 108, 110), width=4)
    draw.rectangle((880, 620, 960, 880), fill=(150, 154, 156), outline=(104, 108, 110), width=4)
    soft_shadow(image, (1300, 500, 1500, 640), 12)
    draw.rounded_rectangle((1300, 500, 1500, 640), 10, fill=(240, 240, 238), outline=(170, 170, 168), width=4)
    cable(draw, [(920, 760), (1060, 900), (1280, 850), (1400, 640)], (196, 190, 40), 24)
    cable(draw, [(926, 764), (1062, 904), (1282, 856), (1404, 642)], (60, 140, 60), 9)
    draw.rectangle((862, 730, 978, 790), fill=(196, 198, 198), outline=(110, 112, 112), width=4)
    draw.ellipse((898, 742, 938, 782), fill=(150, 130, 70), outline=(90, 76, 40), width=4)
    return lit(image, (0.6, 0.2), 120)


def berichtsheft() -> Image.Image:
    """A page of an apprentice's report book on a table."""
    chance = random.Random(11)
    image = surface((150, 112, 78), 10)
    page = Image.new("RGBA", (900, 1060), (250, 248, 240, 255))
    draw = ImageDraw.Draw(page)
    for y in range(150, 1030, 56):
        draw.line((60, y, 850, y), fill=(176, 196, 216), width=3)
    draw.rectangle((60, 50, 500, 84), fill=(60, 62, 70))
    for y in range(150, 900, 56):
        x = 70.0
        while x < chance.uniform(560, 840):
            word = chance.uniform(40, 120)
            points = [(x + i * 7, y - 14 + chance.uniform(-10, 8)) for i in range(int(word / 7))]
            draw.line(points, fill=(34, 52, 122), width=4)
            x += word + 22
    turned = page.rotate(4, Image.Resampling.BICUBIC, expand=True)
    soft_shadow(image, (360, 80, 1260, 1130), 20)
    image.paste(turned, (320, 40), turned)
    return lit(image, (0.3, 0.1), 90)


PHOTOS: dict[str, Callable[[], Image.Image]] = {
    "verteiler": verteiler, "schlitze": schlitze, "dosen": dosen, "kabeltrasse": kabeltrasse, "trasse2": kabeltrasse,
    "schalter": schalter, "riss": riss, "zaehler": zaehler, "leuchten": leuchten, "theke": theke, "pv": pv,
    "graben": graben, "potenzialausgleich": potenzialausgleich, "berichtsheft": berichtsheft,
}  # fmt: skip
