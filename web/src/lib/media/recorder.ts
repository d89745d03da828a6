import { canSpeak } from "./codec";
import { picture, peakOf } from "./levels";
import { Microphone, type Trusted } from "./microphone";
import { MEDIA_TYPE, writeOgg } from "./ogg";

const PACKET_MS = 20;
/** What browsers without our encoder can record, the best first. */
const TYPES = ["audio/mp4", "audio/webm;codecs=opus", "audio/webm", "audio/ogg;codecs=opus"];

export interface Note {
  file: Blob;
  /** ms. */
  duration: number;
  levels: Uint8Array<ArrayBuffer>;
}

/** A voice note while it is recorded. */
export interface Recording {
  /** ms recorded so far. */
  readonly duration: number;
  /** The peaks so far, one for 20 ms or a little more. */
  readonly peaks: readonly number[];
  pause(): Promise<void>;
  resume(): void;
  /** null when nothing was recorded. */
  finish(): Promise<Note | null>;
  cancel(): Promise<void>;
}

/** Record a voice note: Ogg Opus where the browser has the encoder, else what its MediaRecorder makes. Throws DOMException. */
export async function record(trusted: Trusted): Promise<Recording> {
  return (await canSpeak()) ? OpusRecording.start(trusted) : PlainRecording.start();
}

class OpusRecording implements Recording {
  readonly peaks: number[] = [];
  private readonly packets: Uint8Array[] = [];

  private constructor(private readonly microphone: Microphone) {}

  static async start(trusted: Trusted): Promise<Recording> {
    const recording = new OpusRecording(await Microphone.open(trusted));
    recording.resume();
    return recording;
  }

  get duration(): number {
    return this.packets.length * PACKET_MS;
  }

  resume(): void {
    this.microphone.start(
      ({ packet, peak }) => {
        this.packets.push(packet);
        this.peaks.push(peak);
      },
      () => void this.microphone.stop(),
    );
  }

  pause(): Promise<void> {
    return this.microphone.stop();
  }

  async finish(): Promise<Note | null> {
    await this.microphone.close();
    if (this.packets.length === 0) return null;
    const serial = crypto.getRandomValues(new Uint32Array(1))[0]!;
    const file = new Blob([writeOgg(this.packets, serial)], { type: MEDIA_TYPE });
    return { file, duration: this.duration, levels: picture(this.peaks) };
  }

  cancel(): Promise<void> {
    return this.microphone.close();
  }
}

class PlainRecording implements Recording {
  readonly peaks: number[] = [];
  private readonly pieces: Blob[] = [];
  private readonly timer: ReturnType<typeof setInterval>;
  private before = 0;
  private since = performance.now();

  private constructor(
    private readonly stream: MediaStream,
    private readonly recorder: MediaRecorder,
    private readonly context: AudioContext,
    analyser: AnalyserNode,
  ) {
    recorder.ondataavailable = ({ data }) => this.pieces.push(data);
    const samples = new Float32Array(analyser.fftSize);
    this.timer = setInterval(() => {
      if (recorder.state !== "recording") return;
      analyser.getFloatTimeDomainData(samples);
      this.peaks.push(peakOf(samples));
    }, 2 * PACKET_MS);
  }

  static async start(): Promise<Recording> {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const type = TYPES.find((one) => MediaRecorder.isTypeSupported(one));
    const recorder = new MediaRecorder(stream, type ? { mimeType: type, audioBitsPerSecond: 24_000 } : {});
    const context = new AudioContext();
    const analyser = new AnalyserNode(context, { fftSize: 2048 });
    context.createMediaStreamSource(stream).connect(analyser);
    recorder.start(250);
    return new PlainRecording(stream, recorder, context, analyser);
  }

  get duration(): number {
    return this.before + (this.recorder.state === "recording" ? performance.now() - this.since : 0);
  }

  pause(): Promise<void> {
    this.before = this.duration;
    this.recorder.pause();
    return Promise.resolve();
  }

  resume(): void {
    this.since = performance.now();
    this.recorder.resume();
  }

  async finish(): Promise<Note | null> {
    const duration = this.duration;
    await this.end();
    const file = new Blob(this.pieces, { type: this.recorder.mimeType });
    return file.size > 0 ? { file, duration, levels: picture(this.peaks) } : null;
  }

  async cancel(): Promise<void> {
    await this.end();
  }

  private async end(): Promise<void> {
    clearInterval(this.timer);
    if (this.recorder.state !== "inactive") {
      const stopped = new Promise((resolve) => (this.recorder.onstop = resolve));
      this.recorder.stop();
      await stopped;
    }
    for (const track of this.stream.getTracks()) track.stop();
    await this.context.close();
  }
}
