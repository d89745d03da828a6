import { bigEndian, hex, unhex } from "./bytes";
import { EncodingRefused } from "./errors";
import { taggedHash } from "./kdf";
import { Label } from "./labels";

/** What people read to each other: the verification number and the recovery code (docs/protocol.md, 10). */
const ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const SYMBOLS = 28;

/** The number of two people (user ids), the same for both: 12 groups of 5 digits. */
export function verificationNumber(organisation: Uint8Array, one: Uint8Array, other: Uint8Array): string {
  const pair = hex(one) < hex(other) ? [one, other] : [other, one];
  const digest = taggedHash(Label.VERIFICATION, organisation, pair);
  const digits = (bigEndian(digest) % 10n ** 60n).toString().padStart(60, "0");
  return digits.match(/.{5}/g)!.join(" ");
}

/** A recovery code for 16 random bytes: 7 groups of 4, with 12 bits of checksum. */
export function encodeRecovery(seed: Uint8Array): string {
  if (seed.length !== 16) throw new EncodingRefused("recovery_code_length");
  const number = (bigEndian(seed) << 12n) | BigInt(checksum(seed));
  let symbols = "";
  for (let i = SYMBOLS - 1; i >= 0; i--) symbols += ALPHABET[Number((number >> BigInt(5 * i)) & 31n)]!;
  return symbols.match(/.{4}/g)!.join("-");
}

/**
 * The 16 bytes of a recovery code, read as people type. [M35]
 *
 * Throws EncodingRefused `recovery_code_symbol`, `recovery_code_length`, `recovery_code_checksum`.
 */
export function decodeRecovery(code: string): Uint8Array<ArrayBuffer> {
  const symbols = [...code].filter((c) => !/[\s-]/u.test(c)).map(read);
  if (symbols.includes(-1)) throw new EncodingRefused("recovery_code_symbol");
  if (symbols.length !== SYMBOLS) throw new EncodingRefused("recovery_code_length");
  const number = symbols.reduce((sum, symbol) => (sum << 5n) | BigInt(symbol), 0n);
  const seed = unhex((number >> 12n).toString(16).padStart(32, "0"));
  if (Number(number & 0xfffn) !== checksum(seed)) throw new EncodingRefused("recovery_code_checksum");
  return seed;
}

/** ASCII only: "ß" in capitals is "SS", which would be two good symbols. */
function read(c: string): number {
  if (c.length !== 1 || c > "\x7f") return -1;
  const upper = c.toUpperCase();
  return ALPHABET.indexOf(upper === "O" ? "0" : upper === "I" || upper === "L" ? "1" : upper);
}

function checksum(seed: Uint8Array): number {
  const [a, b] = taggedHash(Label.RECOVERY_CHECKSUM, seed);
  return ((a! << 8) | b!) >> 4;
}
