"""WAV files as frames, Opus through libopus, Ogg files: real audio in, the same sound out."""

import math
import subprocess
import wave
from array import array
from pathlib import Path

import pytest

from packages import need
from werkfunk.sdk import ogg, sound
from werkfunk.sdk.errors import Usage


def tone(path: Path, rate: int, hertz: float, seconds: float = 0.5, channels: int = 1, width: int = 2) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        data = bytearray()
        for n in range(int(rate * seconds)):
            value = math.sin(2 * math.pi * hertz * n / rate) * 0.5
            one = (
                bytes((round(value * 127) + 128,))
                if width == 1
                else round(value * (2 ** (8 * width - 1) - 1)).to_bytes(width, "little", signed=True)
            )
            data += one * channels
        file.writeframes(bytes(data))
    return path


def power(samples: "array[int]", hertz: float, rate: int = sound.RATE) -> float:
    """Amplitude of one frequency, by Goertzel, relative to full scale."""
    c = 2 * math.cos(2 * math.pi * hertz / rate)
    a = b = 0.0
    for value in samples:
        a, b = value + c * a - b, a
    return 2 * math.sqrt(max(0.0, a * a + b * b - c * a * b)) / len(samples) / 32_768


def samples_of(frames: list[bytes]) -> "array[int]":
    return array("h", b"".join(frames))


@pytest.mark.parametrize("rate", [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000])
@pytest.mark.parametrize(("channels", "width"), [(1, 2), (2, 2), (1, 1), (1, 3), (2, 4)])
def test_a_tone_comes_out_at_its_pitch_loudness_and_length(
    tmp_path: Path, rate: int, channels: int, width: int
) -> None:
    frames = list(sound.frames_of(tone(tmp_path / "t.wav", rate, 440, channels=channels, width=width)))
    assert {len(frame) for frame in frames} == {1920}
    assert 25 <= len(frames) <= 26
    samples = samples_of(frames[2:23])
    assert power(samples, 440) == pytest.approx(0.5, rel=0.05)
    for other in (880, 1_320, 5_000):
        assert power(samples, other) < 0.01


def test_what_the_ear_must_not_hear_is_not_folded_down(tmp_path: Path) -> None:
    frames = list(sound.frames_of(tone(tmp_path / "t.wav", 96_000, 40_000)))
    assert power(samples_of(frames[2:23]), 8_000) < 0.03


@pytest.mark.parametrize("content", [b"", b"RIFF", b"\0" * 500, b"RIFF\x10\0\0\0WAVEfmt \x10\0\0\0" + b"\xff" * 16])
def test_what_is_no_wav_is_refused_clearly(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.wav"
    path.write_bytes(content)
    with pytest.raises(Usage, match=r"x\.wav"):
        list(sound.frames_of(path))
    with pytest.raises(Usage):
        list(sound.frames_of(tmp_path / "missing.wav"))


def speech(folder: Path) -> Path:
    """A sentence of espeak-ng, 22,050 Hz."""
    need("espeak-ng", "libopus0")
    path = folder / "speech.wav"
    subprocess.run(["espeak-ng", "-v", "de", "-w", str(path), "Achtung, der Kran schwenkt nach links."], check=True)
    return path


def test_speech_survives_the_codec_and_a_lost_packet(tmp_path: Path) -> None:
    frames = list(sound.frames_of(speech(tmp_path)))
    encoder, decoder = sound.Encoder(), sound.Decoder()
    packets = [encoder.encode(frame) for frame in frames]
    assert 10 <= sum(map(len, packets)) / len(packets) <= 160
    packets[30] = b""
    again = ogg.read(ogg.write(packets, 7))
    assert len(again) == len(packets)
    heard = [decoder.decode(packet) for packet in again]
    assert {len(frame) for frame in heard} == {1920}
    for place in range(0, len(frames) - 25, 25):
        # Loudness second by second: what was said is there, where it was said.
        before, after = (
            math.sqrt(sum(s * s for s in samples_of(part[place : place + 25]))) for part in (frames, heard)
        )
        assert after == pytest.approx(before, rel=0.5, abs=30_000)


def test_an_ogg_file_is_read_back_and_damage_is_seen() -> None:
    packets = [bytes((0x78,)) + bytes(n * 7 % 600) for n in range(130)]
    data = ogg.write(packets, 1)
    assert ogg.read(data) == packets
    for place in (3, 30, 200, len(data) - 1):
        damaged = bytearray(data)
        damaged[place] ^= 1
        with pytest.raises(ValueError):  # noqa: PT011
            ogg.read(bytes(damaged))
    with pytest.raises(ValueError):  # noqa: PT011
        ogg.read(data[:-1])
    assert ogg.read(ogg.write([], 1)) == []


def test_the_picture_of_a_note_has_at_most_64_parts() -> None:
    assert sound.levels([]) == b""
    assert sound.levels([5, 7]) == bytes((5, 7))
    picture = sound.levels([n % 256 for n in range(3_000)])
    assert len(picture) == 64
    assert max(picture) == 255
