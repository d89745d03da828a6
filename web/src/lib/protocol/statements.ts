import { equal } from "./bytes";
import { decode } from "./cbor";
import { payloadOf, sign1, verify1 } from "./cose";
import { ChainRefused, EncodingRefused, ProtocolError } from "./errors";
import { taggedHash } from "./kdf";
import { Label } from "./labels";
import {
  at,
  blob,
  ID16,
  ID32,
  type Infer,
  mapped,
  pair,
  raw,
  type RawMap,
  record,
  type RecordType,
  uint,
} from "./records";
import type { Signer } from "./signing";

/** Statements and the chains that they form (docs/protocol.md, 4): what all three kinds of chain have in common. */
export const VERSION = 1;

export const ChainKind = { ORGANISATION: 1, USER: 2, CONVERSATION: 3 } as const;
export type ChainKind = (typeof ChainKind)[keyof typeof ChainKind];

/** A place in a chain: the number of a statement and its hash. */
export interface Head {
  readonly number: number;
  readonly hash: Uint8Array;
}

/** The newest log head that a sender had seen: seq and head (32 bytes). */
export interface LogSeen {
  readonly seq: number;
  readonly head: Uint8Array;
}

const PLACE = pair(uint, ID32);
export const HEAD = mapped(
  PLACE,
  ([number, hash]): Head => ({ number, hash }),
  ({ number, hash }) => [number, hash] as const,
);
export const LOG_SEEN = mapped(
  PLACE,
  ([seq, head]): LogSeen => ({ seq, head }),
  ({ seq, head }) => [seq, head] as const,
);

/** Who signed: a user's device or, in a user chain, a recovery recipient or ticket. `user` is empty in a user genesis. */
export const SignerRef = record("SignerRef", {
  user: at(0, blob(32)),
  device: at(1, ID16, { optional: true }),
  recipient: at(2, ID16, { optional: true }),
});
export type SignerRef = Infer<typeof SignerRef>;

/** The heads that judge the signer's rights. */
export const Anchors = record("Anchors", {
  organisation: at(0, HEAD, { optional: true }),
  user: at(1, HEAD, { optional: true }),
  log: at(2, LOG_SEEN, { optional: true }),
});
export type Anchors = Infer<typeof Anchors>;

const Payload = record("Statement", {
  version: at(0, uint),
  chain: at(1, uint),
  chainId: at(2, blob(32)),
  number: at(3, uint),
  previous: at(4, blob(32)),
  time: at(5, uint),
  signer: at(6, SignerRef),
  anchors: at(7, Anchors),
  kind: at(8, uint),
  body: at(9, raw),
});

/** One statement's payload; `body` is the raw map, typed by the chain's own module. */
export type Statement = Omit<Infer<typeof Payload>, "body"> & { readonly body: RawMap };

/** The statement hash: over the payload, not the signature. */
export function statementHash(statement: Statement): Uint8Array<ArrayBuffer> {
  return taggedHash(Label.STATEMENT_HASH, Payload.toBytes(statement));
}

/** Read a signed statement WITHOUT verifying it; `apply` of its chain does. [M8] */
export function parse(data: Uint8Array): Statement {
  const value = decode(payloadOf(data));
  if (value instanceof Map && value.get(0) !== VERSION) throw new ChainRefused("unknown_version");
  const { body, ...rest } = Payload.fromMap(value);
  if (!(body instanceof Map)) throw new EncodingRefused("record_form", "Statement.body");
  return { ...rest, body: body as RawMap };
}

export function sign(statement: Statement, key: Signer): Promise<Uint8Array<ArrayBuffer>> {
  return sign1(key, Label.STATEMENT, Payload.toBytes(statement));
}

/** Verify a statement's signature; any failure is `signature_invalid`. [M7] */
export async function verifySignature(data: Uint8Array, publicKey: Uint8Array): Promise<void> {
  try {
    await verify1(data, publicKey, Label.STATEMENT);
  } catch (error) {
    if (error instanceof ProtocolError) throw new ChainRefused("signature_invalid", error.code);
    throw error;
  }
}

/** What every chain's state has: its id, the hash of each statement, and the largest time seen. States never change. */
export class ChainState {
  constructor(
    readonly id: Uint8Array,
    readonly hashes: readonly Uint8Array[],
    readonly clock: number,
  ) {}

  /** How many statements there are. */
  get length(): number {
    return this.hashes.length;
  }

  /** The newest place. */
  get head(): Head {
    return { number: this.hashes.length - 1, hash: this.hashes.at(-1)! };
  }

  /** Whether `head` is a place in this chain. */
  knows(head: Head): boolean {
    const hash = this.hashes[head.number];
    return hash !== undefined && equal(hash, head.hash);
  }

  /** `head`, if it is a place in this chain; else ChainRefused `anchor_missing` or `anchor_unknown`. [M9] */
  require(head: Head | undefined): Head {
    if (!head) throw new ChainRefused("anchor_missing");
    if (!this.knows(head)) throw new ChainRefused("anchor_unknown");
    return head;
  }

  /** This state with other fields. */
  with(change: Partial<Omit<this, keyof ChainState>> & Partial<Pick<ChainState, "hashes" | "clock">>): this {
    return Object.assign(Object.create(Object.getPrototypeOf(this) as object) as this, this, change);
  }

  /** This state with `statement` at its end. */
  grown(statement: Statement): this {
    const change = {
      hashes: [...this.hashes, statementHash(statement)],
      clock: Math.max(this.clock, statement.time),
    };
    return Object.assign(Object.create(Object.getPrototypeOf(this) as object) as this, this, change);
  }
}

/** Check chain kind, id, number and previous hash. [M7] */
export function checkPlace(kind: ChainKind, state: ChainState | null, statement: Statement): void {
  if (statement.chain !== kind) {
    const known = Object.values(ChainKind).some((one) => one === statement.chain);
    throw new ChainRefused(known ? "wrong_chain" : "unknown_chain_kind");
  }
  if (!state) {
    if (statement.number !== 0) throw new ChainRefused("number_not_next");
    if (statement.previous.length !== 0) throw new ChainRefused("previous_mismatch");
    return;
  }
  if (!equal(statement.chainId, state.id)) throw new ChainRefused("wrong_chain");
  if (statement.number !== state.length) throw new ChainRefused("number_not_next");
  if (!equal(statement.previous, state.head.hash)) throw new ChainRefused("previous_mismatch");
}

/** A body that says nothing more than its kind. */
export const Empty = record("Empty", {});

/** Bodies by kind; each typed value carries its `kind`. */
export type Kinds = Readonly<Record<number, RecordType<object>>>;

/** The typed body; ChainRefused `unknown_statement` for a kind that is not in the table. [M8] */
export function bodyOf<K extends Kinds>(statement: Statement, kinds: K): Body<K> {
  const known = Object.hasOwn(kinds, statement.kind) ? kinds[statement.kind] : undefined;
  if (!known) throw new ChainRefused("unknown_statement", String(statement.kind));
  return { kind: statement.kind, ...(known.fromMap(statement.body) as object) } as unknown as Body<K>;
}
export type Body<K extends Kinds> = { [N in keyof K & number]: { readonly kind: N } & Infer<K[N]> }[keyof K & number];
