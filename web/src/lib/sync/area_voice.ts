import type { VoiceApi } from "./api";
import type { Ground } from "./running";
import type { FloorView, Id } from "./views";

export class VoiceArea implements VoiceApi {
  constructor(private readonly ground: Ground) {}

  tune(conversations: Id[]): Promise<void> {
    this.ground.running.voice.tune(conversations);
    return Promise.resolve();
  }

  floors(): Promise<FloorView[]> {
    return Promise.resolve(this.ground.running.voice.list());
  }

  request(conversation: Id, urgent: boolean): Promise<Id> {
    return this.ground.running.voice.request(conversation, urgent);
  }

  say(burst: Id, packet: Uint8Array, peak: number): Promise<boolean> {
    return this.ground.running.voice.say(burst, packet, peak);
  }

  release(burst: Id): Promise<void> {
    return this.ground.running.voice.release(burst);
  }

  note(conversation: Id, file: Blob, duration: number, levels: Uint8Array): Promise<Id> {
    return this.ground.running.talk.note(conversation, file, duration, levels, "");
  }
}
