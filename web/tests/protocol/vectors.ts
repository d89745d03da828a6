import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { unhex } from "../../src/lib/protocol/bytes";

/** The vectors that both languages are held to: see tests/vectors/README.md of the project. */
export const FOLDER = join(import.meta.dirname, "../../../tests/vectors");

export type Inputs = Readonly<Record<string, Uint8Array>>;
export type Operation = (inputs: Inputs) => Promise<Record<string, Uint8Array>> | Record<string, Uint8Array>;

export interface Case {
  readonly name: string;
  readonly expect: string;
  readonly inputs: Inputs;
  readonly outputs: Inputs;
}

/** Header lines, inputs and outputs, separated by empty lines. */
export function read(area: string, file: string): Case {
  const content = readFileSync(join(FOLDER, area, file), "utf-8").trimEnd();
  const [head = "", ...blocks] = content.split("\n\n");
  const header = new Map(head.split("\n").map((line) => line.split(": ", 2) as [string, string]));
  const fields = (block: string | undefined): Inputs =>
    Object.fromEntries(
      (block ?? "")
        .split("\n")
        .filter((line) => line !== "")
        .map((line) => {
          const [name = "", value = ""] = line.split(/ = ?/);
          return [name, unhex(value)];
        }),
    );
  return {
    name: header.get("case") ?? "",
    expect: header.get("expect") ?? "",
    inputs: fields(blocks[0]),
    outputs: fields(blocks[1]),
  };
}

export function areas(): string[] {
  return readdirSync(FOLDER, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("__"))
    .map((entry) => entry.name);
}

export function cases(area: string): Case[] {
  return readdirSync(join(FOLDER, area))
    .filter((name) => name.endsWith(".txt"))
    .sort()
    .map((name) => read(area, name));
}

/** Integers are 8 bytes, big-endian. */
export function number(bytes: Uint8Array | undefined): number {
  return Number(new DataView(bytes!.buffer, bytes!.byteOffset).getBigUint64(0));
}
