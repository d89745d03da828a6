/** Opus by WebCodecs: 20 ms, 48 kHz, mono. */
export const RATE = 48_000;
const ENCODER = {
  codec: "opus",
  sampleRate: RATE,
  numberOfChannels: 1,
  bitrate: 24_000,
  opus: { frameDuration: 20_000, application: "voip", useinbandfec: true, packetlossperc: 5 },
} as AudioEncoderConfig;
const DECODER: AudioDecoderConfig = { codec: "opus", sampleRate: RATE, numberOfChannels: 1 };

/** Whether this browser can send live voice. */
export async function canSpeak(): Promise<boolean> {
  if (typeof AudioEncoder === "undefined" || typeof AudioWorkletNode === "undefined") return false;
  try {
    return (await AudioEncoder.isConfigSupported(ENCODER)).supported === true;
  } catch {
    return false;
  }
}

/** Whether this browser can hear live voice. */
export async function canHear(): Promise<boolean> {
  if (typeof AudioDecoder === "undefined" || typeof AudioWorkletNode === "undefined") return false;
  try {
    return (await AudioDecoder.isConfigSupported(DECODER)).supported === true;
  } catch {
    return false;
  }
}

/** Frames in, packets out, in order. `onPacket` is called for each frame within some ms. */
export class Encoder {
  private readonly encoder: AudioEncoder;
  private time = 0;

  constructor(onPacket: (packet: Uint8Array) => void, onFault: (error: Error) => void) {
    const output = (chunk: EncodedAudioChunk): void => {
      const packet = new Uint8Array(chunk.byteLength);
      chunk.copyTo(packet);
      onPacket(packet);
    };
    this.encoder = new AudioEncoder({ output, error: onFault });
    this.encoder.configure(ENCODER);
  }

  encode(samples: Float32Array): void {
    if (this.encoder.state !== "configured") return;
    const data = new AudioData({
      format: "f32-planar",
      sampleRate: RATE,
      numberOfFrames: samples.length,
      numberOfChannels: 1,
      timestamp: this.time,
      data: samples as Float32Array<ArrayBuffer>,
    });
    this.time += 20_000;
    this.encoder.encode(data);
    data.close();
  }

  /** Wait for the packets of all frames, and close. */
  async finish(): Promise<void> {
    if (this.encoder.state !== "configured") return;
    await this.encoder.flush();
    this.encoder.close();
  }
}

/** Packets in, samples out; `number` is what the packet was given with. */
export class Decoder {
  private readonly decoder: AudioDecoder;

  constructor(
    onSamples: (samples: Float32Array<ArrayBuffer>, number: number) => void,
    onFault: (error: Error) => void,
  ) {
    const output = (data: AudioData): void => {
      const samples = new Float32Array(data.numberOfFrames);
      data.copyTo(samples, { planeIndex: 0, format: "f32-planar" });
      const number = Math.round(data.timestamp / 20_000);
      data.close();
      onSamples(samples, number);
    };
    this.decoder = new AudioDecoder({ output, error: onFault });
    this.decoder.configure(DECODER);
  }

  decode(packet: Uint8Array, number: number): void {
    if (this.decoder.state !== "configured") return;
    const data = packet as Uint8Array<ArrayBuffer>;
    this.decoder.decode(new EncodedAudioChunk({ type: "key", timestamp: number * 20_000, data }));
  }

  async finish(): Promise<void> {
    if (this.decoder.state !== "configured") return;
    await this.decoder.flush();
    this.decoder.close();
  }
}
