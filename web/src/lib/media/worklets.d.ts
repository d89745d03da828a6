/** What an audio worklet's global scope has; TypeScript's own library does not know it. */
declare const currentTime: number;
declare const sampleRate: number;
declare class AudioWorkletProcessor {
  readonly port: MessagePort;
}
declare function registerProcessor(name: string, processor: new () => AudioWorkletProcessor): void;

declare module "*?worker&url" {
  const url: string;
  export default url;
}
