import { hex, unhex } from "../../src/lib/protocol/bytes";
import { ProtocolError } from "../../src/lib/protocol/errors";

/** One case of the vectors that both languages are held to: see tests/vectors/README.md of the project. */
export interface Case {
  readonly name: string;
  readonly expect: string;
  readonly inputs: Inputs;
  readonly outputs: Inputs;
}
export type Inputs = Readonly<Record<string, Uint8Array>>;
export type Operation = (inputs: Inputs) => Promise<Record<string, Uint8Array>> | Record<string, Uint8Array>;
type Result = string | Record<string, string>;

/** Header lines, inputs and outputs, separated by empty lines. */
export function parseCase(text: string): Case {
  const [head = "", ...blocks] = text.trimEnd().split("\n\n");
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

const asHex = (values: Inputs): Record<string, string> =>
  Object.fromEntries(Object.entries(values).map(([name, bytes]) => [name, hex(bytes)]));

/** What an operation gives, and what it must give: its outputs in hex, or `error CODE`. */
export async function judge(run: Operation, one: Case): Promise<{ result: Result; wanted: Result }> {
  const wanted = one.expect === "ok" ? asHex(one.outputs) : one.expect;
  try {
    return { result: asHex(await run(one.inputs)), wanted };
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return { result: `error ${error.code}`, wanted };
  }
}

/** Integers are 8 bytes, big-endian. */
export function number(bytes: Uint8Array | undefined): number {
  return Number(new DataView(bytes!.buffer, bytes!.byteOffset).getBigUint64(0));
}
