"""Sound for live voice: WAV files as frames of 20 ms, 48 kHz, mono; Opus by libopus; loudness for the picture of a note."""

import math
import struct
import wave
from array import array
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from werkfunk.sdk.errors import SdkError, Usage

RATE = 48_000
SAMPLES = 960
TAPS = 16
"""Samples that one resampled sample is made from."""
BITRATE = 24_000


def frames_of(path: Path) -> Iterator[bytes]:
    """A WAV file (PCM of 8, 16, 24 or 32 bits, any rate, any channels) as frames of 16-bit samples; the last is filled up.

    Raises:
        Usage: it is not a WAV file that can be read.
    """
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            if not (width in (1, 2, 3, 4) and 1 <= channels <= 8 and 4_000 <= rate <= 192_000):
                raise Usage(f"{path.name} has a form that is not supported: use PCM of 8 to 32 bits")
            rest = array("h")
            for samples in _resampled(_mono(file, width, channels), rate):
                rest.extend(samples)
                while len(rest) >= SAMPLES:
                    yield rest[:SAMPLES].tobytes()
                    del rest[:SAMPLES]
            if rest:
                yield rest.tobytes().ljust(2 * SAMPLES, b"\0")
    except (wave.Error, EOFError, OSError) as error:
        raise Usage(f"{path.name} is not a WAV file that can be read") from error


def _mono(file: wave.Wave_read, width: int, channels: int) -> Iterator[list[float]]:
    step = width * channels
    while data := file.readframes(4_096):
        data = data[: len(data) // step * step]
        if width == 1:
            values: Sequence[float] = [(byte - 128) * 256 for byte in data]
        elif width == 3:
            values = [int.from_bytes(data[i + 1 : i + 3], "little", signed=True) for i in range(0, len(data), 3)]
        else:
            wide = struct.unpack(f"<{len(data) // width}{'h' if width == 2 else 'i'}", data)
            values = wide if width == 2 else [value >> 16 for value in wide]
        if channels > 1:
            values = [sum(values[i : i + channels]) / channels for i in range(0, len(values), channels)]
        yield list(values)


def _resampled(blocks: Iterator[list[float]], rate: int) -> Iterator[list[int]]:
    """To 48 kHz by a windowed sinc for each of the phases that occur."""
    if rate == RATE:
        for block in blocks:
            yield [_clamp(value) for value in block]
        return
    common = math.gcd(rate, RATE)
    up, down = RATE // common, rate // common
    kernels = [_kernel(phase / up, min(1.0, RATE / rate)) for phase in range(up)]
    half = TAPS // 2
    held: list[float] = [0.0] * (half - 1)
    number = 0
    for block in _and_silence(blocks, half + 1):
        held += block
        out: list[int] = []
        while (start := number * down // up) + TAPS <= len(held):
            kernel = kernels[number * down % up]
            out.append(_clamp(math.fsum(map(float.__mul__, kernel, map(float, held[start : start + TAPS])))))
            number += 1
        yield out
        # Drop what is used up, a whole number of periods at a time, so that the phases stay.
        periods = number // up
        del held[: periods * down]
        number -= periods * up


def _and_silence(blocks: Iterator[list[float]], samples: int) -> Iterator[list[float]]:
    yield from blocks
    yield [0.0] * samples


def _kernel(offset: float, cutoff: float) -> list[float]:
    half = TAPS // 2
    weights = []
    for tap in range(TAPS):
        x = tap - (half - 1) - offset
        sinc = cutoff if x == 0 else math.sin(math.pi * cutoff * x) / (math.pi * x)
        weights.append(sinc * (0.5 + 0.5 * math.cos(math.pi * x / half)) if abs(x) < half else 0.0)
    total = sum(weights)
    return [weight / total for weight in weights]


def _clamp(value: float) -> int:
    return max(-32_768, min(32_767, round(value)))


def peak(frame: bytes) -> int:
    """The loudest sample of a frame, 0 to 255."""
    samples = array("h", frame)
    loudest = max((abs(sample) for sample in samples), default=0)
    return min(255, loudest >> 7)


def levels(peaks: Sequence[int], parts: int = 64) -> bytes:
    """The peaks of at most `parts` equal parts: the picture of a note."""
    count = min(parts, len(peaks))
    return bytes(max(peaks[i * len(peaks) // count : (i + 1) * len(peaks) // count]) for i in range(count))


def _library() -> Any:
    try:
        import opuslib_next  # optional: whoever does not speak or listen here needs no codec
    except ImportError as error:
        raise SdkError("install werkfunk[voice] to speak from here", "voice_missing") from error
    except Exception as error:
        raise SdkError(
            "libopus is missing: install it from the system's packages (libopus0)", "voice_missing"
        ) from error
    return opuslib_next


class Encoder:
    """Opus for speech. Raises SdkError `voice_missing` where the library is not installed."""

    def __init__(self) -> None:
        self._encoder = _library().Encoder(RATE, 1, "voip")
        self._encoder.bitrate = BITRATE
        self._encoder.inband_fec = 1
        self._encoder.packet_loss_perc = 5

    def encode(self, frame: bytes) -> bytes:
        """The packet of one frame of 960 samples."""
        packet: bytes = self._encoder.encode(frame, SAMPLES)
        return packet


class Decoder:
    """Opus to 16-bit samples, 48 kHz, mono."""

    def __init__(self) -> None:
        self._decoder = _library().Decoder(RATE, 1)

    def decode(self, packet: bytes) -> bytes:
        """The samples of a packet."""
        samples: bytes = self._decoder.decode(packet, SAMPLES)
        return samples
