"""`python -m tools.demo.voice`: speaks the story's voice message anew (espeak-ng, sox, libopus); what it makes is in the repository."""

import subprocess
import tempfile
from pathlib import Path

from werkfunk.sdk import ogg, sound

TEXT = "Moin, Murat hier. Der Kran kommt morgen erst um neun, nicht um sieben. Also in Ruhe anfangen. Bis morgen!"
STORY = Path(__file__).parent / "story"


def main() -> None:
    """Write story/kran.ogg, and beside it what a message says of it."""
    with tempfile.TemporaryDirectory() as folder:
        spoken, wave = Path(folder) / "spoken.wav", Path(folder) / "kran.wav"
        subprocess.run(["espeak-ng", "-v", "de", "-s", "150", "-w", str(spoken), TEXT], check=True)  # noqa: S603, S607
        subprocess.run(["sox", str(spoken), str(wave), "norm", "-3"], check=True)  # noqa: S603, S607
        frames = list(sound.frames_of(wave))
    encoder = sound.Encoder()
    (STORY / "kran.ogg").write_bytes(ogg.write([encoder.encode(frame) for frame in frames], 1))
    levels = sound.levels([sound.peak(frame) for frame in frames])
    (STORY / "kran.toml").write_text(f'duration = {len(frames) * 20}\nlevels = "{levels.hex()}"\n')


if __name__ == "__main__":
    main()
