import { hex, type Hex } from "../protocol/bytes";
import { tagged } from "../protocol/cbor";
import { Label } from "../protocol/labels";
import type { Signer } from "../protocol/signing";
import { type ClientFrame, decodeFrame, encodeFrame, type ServerFrame } from "../wire/frames";
import { Problem } from "./api";

const WAIT_MS = 30_000;
/** Without a word from the server for so long, the network is gone although nobody said so. */
const SILENCE_MS = 45_000;

export interface Ack {
  seq: number;
  time: number;
  /** Logged is what an earlier attempt brought. */
  repeated: boolean;
}

interface Waiting {
  resolve(ack: Ack): void;
  reject(error: Problem): void;
}

/** The WebSocket: signs in by the challenge, then gives and takes frames. Acks find their sender by message id. */
export class Channel {
  private readonly waiting = new Map<Hex, Waiting>();
  private goodbye = "";
  private ended = false;
  private heard = 0;
  private readonly watch: ReturnType<typeof setInterval>;

  private constructor(
    private readonly socket: WebSocket,
    private readonly onFrame: (frame: ServerFrame) => void,
    private readonly onEnd: (problem: Problem) => void,
  ) {
    this.heard = performance.now();
    this.watch = setInterval(() => {
      const silent = performance.now() - this.heard;
      if (silent > SILENCE_MS) this.end(new Problem("no_connection", "silence"));
      else if (silent > SILENCE_MS / 2) this.send({ tag: "ping", value: 0 });
    }, 5_000);
  }

  /**
   * Connect and sign in. Frames that are not acks go to `onFrame` in order; `onEnd` is called once, after a successful
   * sign-in only. Throws Problem: the server's refusal, or `no_connection`.
   */
  static open(
    base: string,
    device: Uint8Array,
    key: Signer,
    onFrame: (frame: ServerFrame) => void,
    onEnd: (problem: Problem) => void,
  ): Promise<{ channel: Channel; serverTime: number }> {
    return new Promise((resolve, reject) => {
      const socket = new WebSocket(`${base.replace(/^http/, "ws")}/v1/ws`);
      socket.binaryType = "arraybuffer";
      const late = setTimeout(() => {
        fail(new Problem("no_connection", "timeout"));
      }, WAIT_MS);
      const fail = (problem: Problem): void => {
        clearTimeout(late);
        socket.onmessage = socket.onclose = socket.onerror = null;
        socket.close();
        reject(problem);
      };
      socket.onclose = socket.onerror = () => {
        fail(new Problem("no_connection"));
      };
      socket.onmessage = (message: MessageEvent<ArrayBuffer>) => {
        let frame: ServerFrame | null;
        try {
          frame = decodeFrame(message.data);
        } catch {
          fail(new Problem("no_connection", "malformed"));
          return;
        }
        if (frame === null) return;
        if (frame.tag === "challenge") {
          const signed = tagged(Label.CHANNEL, base, frame.nonce, device);
          key.sign(signed).then(
            (signature) => {
              socket.send(encodeFrame({ tag: "authenticate", device, signature }));
            },
            () => {
              fail(new Problem("unauthenticated"));
            },
          );
        } else if (frame.tag === "refused") fail(new Problem(frame.code, frame.detail));
        else if (frame.tag === "goodbye") fail(new Problem(frame.code));
        else if (frame.tag === "welcome") {
          clearTimeout(late);
          const channel = new Channel(socket, onFrame, onEnd);
          socket.onmessage = (next: MessageEvent<ArrayBuffer>) => {
            channel.take(next.data);
          };
          socket.onclose = socket.onerror = () => {
            channel.end(new Problem("no_connection"));
          };
          resolve({ channel, serverTime: frame.time });
        }
      };
    });
  }

  private take(data: ArrayBuffer): void {
    this.heard = performance.now();
    let frame: ServerFrame | null;
    try {
      frame = decodeFrame(data);
    } catch {
      this.end(new Problem("no_connection", "malformed"));
      return;
    }
    if (frame === null) return;
    switch (frame.tag) {
      case "ack":
        this.settle(hex(frame.messageId))?.resolve({ seq: frame.seq, time: frame.time, repeated: frame.repeated });
        return;
      case "refused": {
        const one = this.settle(hex(frame.reference));
        if (one) one.reject(new Problem(frame.code, frame.detail));
        else this.onFrame(frame);
        return;
      }
      case "ping":
        this.send({ tag: "pong", value: frame.value });
        return;
      case "pong":
        return;
      case "goodbye":
        this.goodbye = frame.code;
        return;
      default:
        this.onFrame(frame);
    }
  }

  private settle(id: Hex): Waiting | undefined {
    const found = this.waiting.get(id);
    this.waiting.delete(id);
    return found;
  }

  /** Bytes that wait in the socket. */
  get backlog(): number {
    return this.socket.bufferedAmount;
  }

  /** Fire and forget; a broken connection shows by its end. */
  send(frame: ClientFrame): void {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(encodeFrame(frame));
  }

  /** Send and wait for the ack of `id`. Throws Problem. */
  async ask(frame: ClientFrame, id: Hex): Promise<Ack> {
    if (this.ended) throw new Problem("no_connection");
    const answer = new Promise<Ack>((resolve, reject) => this.waiting.set(id, { resolve, reject }));
    const late = setTimeout(() => this.settle(id)?.reject(new Problem("no_connection", "no ack")), WAIT_MS);
    this.send(frame);
    try {
      return await answer;
    } finally {
      clearTimeout(late);
    }
  }

  close(): void {
    this.end(null);
  }

  private end(problem: Problem | null): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.watch);
    this.socket.onmessage = this.socket.onclose = this.socket.onerror = null;
    this.socket.close();
    const cut = this.goodbye === "device_revoked" || this.goodbye === "person_removed";
    const reason = cut ? new Problem(this.goodbye) : (problem ?? new Problem("no_connection"));
    for (const one of this.waiting.values()) one.reject(reason);
    this.waiting.clear();
    if (problem) this.onEnd(reason);
  }
}
