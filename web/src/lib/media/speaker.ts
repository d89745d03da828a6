import { Decoder, RATE } from "./codec";
import type { Trusted } from "./microphone";
import type { FromPlayback, ToPlayback } from "./playback.worklet";
import workletUrl from "./playback.worklet.ts?worker&url";

/** A tone of the channel: notes of [hertz, seconds]. */
export type Tone = readonly (readonly [number, number])[];
export const TONES = {
  /** Speak now. */
  granted: [
    [660, 0.06],
    [880, 0.08],
  ],
  /** It was taken away, or there is nothing to have. */
  denied: [
    [330, 0.12],
    [260, 0.16],
  ],
  /** You wait. */
  queued: [[520, 0.06]],
  /** Somebody else begins, somebody else has finished. */
  incoming: [[780, 0.05]],
  over: [[440, 0.06]],
} as const satisfies Record<string, Tone>;

/** The loudspeaker: decodes and plays bursts as they come, and makes the channel's tones. */
export class Speaker {
  private readonly decoders = new Map<string, Decoder>();
  /** For each frame played: how loud it is (0 to 255). */
  onLevel: (burst: string, level: number) => void = () => undefined;
  onDone: (burst: string) => void = () => undefined;
  /** The delay of the jitter buffer now, ms; for measuring. */
  delay = 0;
  readonly counts = new Map<string, unknown>();

  private constructor(
    private readonly context: AudioContext,
    private readonly node: AudioWorkletNode,
  ) {
    node.port.onmessage = ({ data }: MessageEvent<FromPlayback>) => {
      if (data.type === "level") {
        this.delay = data.delay;
        this.onLevel(data.burst, data.level);
      } else {
        this.counts.set(data.burst, data.count);
        this.onDone(data.burst);
      }
    };
  }

  /** Call it from a gesture: browsers let nothing be heard before one. */
  static async open(trusted: Trusted): Promise<Speaker> {
    const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    await context.audioWorklet.addModule(trusted(workletUrl));
    const node = new AudioWorkletNode(context, "playback", { numberOfInputs: 0, outputChannelCount: [1] });
    node.connect(context.destination);
    void context.resume();
    return new Speaker(context, node);
  }

  /** Whether the browser lets anything be heard; before a gesture it may not. */
  get audible(): boolean {
    return this.context.state === "running";
  }

  /** From a gesture. */
  async wake(): Promise<void> {
    if (this.context.state !== "running") await this.context.resume();
  }

  private tell(message: ToPlayback, transfer: Transferable[] = []): void {
    this.node.port.postMessage(message, transfer);
  }

  /** A packet of a burst has come. */
  packet(burst: string, number: number, opus: Uint8Array): void {
    let decoder = this.decoders.get(burst);
    if (!decoder) {
      decoder = new Decoder(
        (samples, at) => {
          this.tell({ type: "frame", burst, number: at, samples }, [samples.buffer]);
        },
        () => {
          // Bytes that are no Opus: the rest of the burst is silence, the channel lives on.
          this.end(burst);
        },
      );
      this.decoders.set(burst, decoder);
    }
    decoder.decode(opus, number);
  }

  /** 0 is silent, 1 is as it was said. */
  gain(burst: string, gain: number): void {
    this.tell({ type: "gain", burst, gain });
  }

  /** No more packets come. */
  end(burst: string): void {
    const decoder = this.decoders.get(burst);
    this.decoders.delete(burst);
    const told = (): void => {
      this.tell({ type: "end", burst });
    };
    if (decoder) decoder.finish().then(told, told);
    else told();
  }

  tone(tone: Tone): void {
    let at = this.context.currentTime;
    for (const [hertz, seconds] of tone) {
      const oscillator = new OscillatorNode(this.context, { frequency: hertz });
      const gain = new GainNode(this.context, { gain: 0 });
      gain.gain.setTargetAtTime(0.2, at, 0.005);
      gain.gain.setTargetAtTime(0, at + seconds - 0.01, 0.005);
      oscillator.connect(gain).connect(this.context.destination);
      oscillator.start(at);
      oscillator.stop(at + seconds + 0.03);
      at += seconds;
    }
  }

  async close(): Promise<void> {
    for (const burst of [...this.decoders.keys()]) this.end(burst);
    await this.context.close();
  }
}
