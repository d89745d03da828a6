import type { Aead } from "./aead";
import { concat, uint32 } from "./bytes";
import { tagged } from "./cbor";
import { SealRefused } from "./errors";
import { derive } from "./kdf";
import { Label } from "./labels";

/** Live voice (docs/protocol.md, 9): frames of one burst under a key of its own. They prove membership, not the speaker. */
export const FRAMES_MAX = 2 ** 32;

/** The key of one burst; `salt` is 16 fresh random bytes of the sender, so a burst never resumes under its key. */
export function burstKey(
  secret: Uint8Array,
  conversation: Uint8Array,
  generation: number,
  device: Uint8Array,
  salt: Uint8Array,
): Uint8Array<ArrayBuffer> {
  return derive(secret, salt, tagged(Label.VOICE, conversation, generation, device));
}

/** Seal frame `number` (0, 1, 2, …, each once) of a burst; the result is 16 bytes longer. */
export function sealFrame(key: Aead, number: number, frame: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return key.encrypt(nonce(number), frame, tagged(Label.VOICE_FRAME, number));
}

/** Open a frame; `number` comes from the wire. Throws SealRefused `frame_invalid`. */
export async function openFrame(key: Aead, number: number, sealed: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  if (!(number >= 0 && number < FRAMES_MAX)) throw new SealRefused("frame_invalid");
  return key.decrypt(nonce(number), sealed, tagged(Label.VOICE_FRAME, number), "frame_invalid");
}

const nonce = (number: number): Uint8Array => concat(new Uint8Array(8), uint32(number));
