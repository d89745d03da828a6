import { encode } from "@msgpack/msgpack";
import { describe, expect, it } from "vitest";
import { decodeFrame, FrameRefused } from "../../src/lib/wire/frames";

describe("frames of the server", () => {
  it("gives those that it knows, without the fields that a newer server adds", () => {
    expect(decodeFrame(encode(["pong", 7, "new"]))).toEqual({ tag: "pong", value: 7 });
  });

  it.each([[["weather", 1]], [["weather"]], [["constructor", 1]], [["__proto__"]]])(
    "passes over the kind that a newer server sends: %j",
    (frame) => {
      expect(decodeFrame(encode(frame))).toBeNull();
    },
  );

  it.each([[["ack", 1, 2, 3, 4]], [["pong", "7"]], [["challenge"]], [[7]], [[]], ["pong"], [{ tag: "pong" }]])(
    "refuses what is malformed: %j",
    (frame) => {
      expect(() => decodeFrame(encode(frame))).toThrow(FrameRefused);
    },
  );

  it("refuses what is not MessagePack", () => {
    expect(() => decodeFrame(new Uint8Array([0xc1]))).toThrow(FrameRefused);
  });
});
