import workletUrl from "./capture.worklet.ts?worker&url";
import { Encoder, RATE } from "./codec";
import { peakOf } from "./levels";

export interface Recorded {
  packet: Uint8Array;
  /** The loudest sample, 0 to 255. */
  peak: number;
}

/** Scripts come from the app's own build; whoever owns the Trusted Types policy hands it in. */
export type Trusted = (url: string) => URL;

/**
 * The microphone as packets of Opus. It stays open between two bursts, so that the next begins at once; `close` gives it
 * back. Throws what getUserMedia throws: NotAllowedError, NotFoundError, …
 */
export class Microphone {
  private encoder: Encoder | null = null;
  private readonly peaks: number[] = [];
  /** The level now, 0 to 255, also while nothing is recorded. */
  onLevel: (level: number) => void = () => undefined;

  private constructor(
    private readonly stream: MediaStream,
    private readonly context: AudioContext,
    node: AudioWorkletNode,
  ) {
    node.port.onmessage = ({ data }: MessageEvent<{ samples: Float32Array }>) => {
      const peak = peakOf(data.samples);
      this.onLevel(peak);
      if (!this.encoder) return;
      this.peaks.push(peak);
      this.encoder.encode(data.samples);
    };
  }

  static async open(trusted: Trusted): Promise<Microphone> {
    const stream = await navigator.mediaDevices.getUserMedia({
      audio: { channelCount: 1, echoCancellation: true, noiseSuppression: true, autoGainControl: true },
    });
    const context = new AudioContext({ sampleRate: RATE, latencyHint: "interactive" });
    try {
      await context.audioWorklet.addModule(trusted(workletUrl));
      const node = new AudioWorkletNode(context, "capture", { numberOfOutputs: 1, channelCount: 1 });
      context.createMediaStreamSource(stream).connect(node);
      // Without a way to the loudspeaker the graph would not run; the worklet puts nothing out.
      node.connect(context.destination);
      void context.resume();
      return new Microphone(stream, context, node);
    } catch (error) {
      for (const track of stream.getTracks()) track.stop();
      await context.close();
      throw error;
    }
  }

  get live(): boolean {
    return this.stream.getAudioTracks().some((track) => track.readyState === "live");
  }

  /** Packets from now on. */
  start(onPacket: (recorded: Recorded) => void, onFault: (error: Error) => void): void {
    this.peaks.length = 0;
    this.encoder = new Encoder((packet) => {
      onPacket({ packet, peak: this.peaks.shift() ?? 0 });
    }, onFault);
  }

  /** Stop; resolves when the last packet has been given. */
  async stop(): Promise<void> {
    const encoder = this.encoder;
    this.encoder = null;
    await encoder?.finish();
  }

  async close(): Promise<void> {
    await this.stop();
    for (const track of this.stream.getTracks()) track.stop();
    if (this.context.state !== "closed") await this.context.close();
  }
}
