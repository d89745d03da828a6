import { FRAME } from "./conceal";

/** Cuts what the microphone gives into frames of 20 ms and posts them: `{ samples, at }`, `at` the context's time of the first sample. */
class Capture extends AudioWorkletProcessor {
  private frame = new Float32Array(FRAME);
  private filled = 0;
  private at = 0;

  process(inputs: Float32Array[][]): boolean {
    const input = inputs[0]?.[0];
    if (!input) return true;
    for (let from = 0; from < input.length;) {
      if (this.filled === 0) this.at = currentTime + from / sampleRate;
      const part = input.subarray(from, from + FRAME - this.filled);
      this.frame.set(part, this.filled);
      this.filled += part.length;
      from += part.length;
      if (this.filled < FRAME) continue;
      this.port.postMessage({ samples: this.frame, at: this.at }, [this.frame.buffer]);
      this.frame = new Float32Array(FRAME);
      this.filled = 0;
    }
    return true;
  }
}

registerProcessor("capture", Capture);
