import { Concealer } from "./conceal";
import { JitterBuffer } from "./jitter";
import { peakOf } from "./levels";

/** What the page tells: a decoded frame, how loud a burst is heard, that no more frames come. */
export type ToPlayback =
  | { type: "frame"; burst: string; number: number; samples: Float32Array }
  | { type: "gain"; burst: string; gain: number }
  | { type: "end"; burst: string };
/** What it hears back, once for each frame played: the level, and the counts at the end. */
export type FromPlayback =
  | { type: "level"; burst: string; level: number; delay: number }
  | { type: "done"; burst: string; count: JitterBuffer<Float32Array>["count"] };

/** What the browser asks for at once, samples. */
const QUANTUM = 128;

/** One burst as it is played. */
class Line {
  readonly buffer = new JitterBuffer<Float32Array>();
  private readonly concealer = new Concealer();
  private frame = new Float32Array(QUANTUM);
  private at = QUANTUM;
  gain = 1;
  level = 0;
  /** Nothing is due: before the first frame, and after the last. */
  silent = true;

  /** Add what is played now to `out`; true when a frame began. */
  mix(out: Float32Array): boolean {
    let began = false;
    for (let i = 0; i < out.length; i++) {
      if (this.at === this.frame.length) {
        this.frame = this.following((currentTime + i / sampleRate) * 1000);
        this.at = 0;
        began ||= !this.silent;
      }
      out[i] = out[i]! + this.frame[this.at++]! * this.gain;
    }
    return began;
  }

  private following(now: number): Float32Array<ArrayBuffer> {
    const next = this.buffer.take(now);
    let frame: Float32Array<ArrayBuffer>;
    this.silent = next.kind === "silence";
    // The first frame is asked for again at once, not 20 ms later.
    if (next.kind === "silence") frame = new Float32Array(QUANTUM);
    else if (next.kind === "frame") frame = this.concealer.good(next.frame) as Float32Array<ArrayBuffer>;
    else frame = this.concealer.lost() as Float32Array<ArrayBuffer>;
    this.level = peakOf(frame);
    return frame;
  }
}

/** Plays all bursts that are heard: jitter buffer, concealment and mixing on the audio thread, so that no busy page is heard. */
class Playback extends AudioWorkletProcessor {
  private readonly lines = new Map<string, Line>();

  constructor() {
    super();
    this.port.onmessage = ({ data }: MessageEvent<ToPlayback>) => {
      this.take(data);
    };
  }

  private take(message: ToPlayback): void {
    let line = this.lines.get(message.burst);
    if (message.type === "end") line?.buffer.close();
    else if (!line) this.lines.set(message.burst, (line = new Line()));
    if (message.type === "gain") line!.gain = message.gain;
    else if (message.type === "frame") line!.buffer.put(message.number, message.samples, currentTime * 1000);
  }

  process(_: Float32Array[][], outputs: Float32Array[][]): boolean {
    const out = outputs[0]![0]!;
    for (const [burst, line] of this.lines) {
      if (line.mix(out)) {
        this.tell({ type: "level", burst, level: line.level, delay: line.buffer.delay });
      }
      if (line.silent && line.buffer.done) {
        this.lines.delete(burst);
        this.tell({ type: "done", burst, count: line.buffer.count });
      }
    }
    return true;
  }

  private tell(message: FromPlayback): void {
    this.port.postMessage(message);
  }
}

registerProcessor("playback", Playback);
