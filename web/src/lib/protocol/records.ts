import { decode, encode, type Value } from "./cbor";
import { EncodingRefused } from "./errors";

/**
 * Plain objects that are CBOR maps with small integer keys, declared once and checked strictly:
 *
 *     export const Invite = record("Invite", { key: at(0, ID32), uses: at(2, uint) });
 *     export type Invite = Infer<typeof Invite>;
 *
 * A codec is a pair of functions: what the wire value must be, and back. Unknown and missing keys are refused.
 */
export interface Codec<T> {
  load(value: Value): T;
  dump(value: T): Value;
}

interface Field<T, O extends boolean = boolean> {
  readonly key: number;
  readonly codec: Codec<T>;
  readonly optional: O;
}
type Fields = Readonly<Record<string, Field<unknown>>>;
type Of<F> = F extends Field<infer T> ? T : never;
type Optional<F> = { [K in keyof F]: F[K] extends Field<unknown, true> ? K : never }[keyof F];
type Shape<F> = { readonly [K in Exclude<keyof F, Optional<F>>]: Of<F[K]> } & {
  readonly [K in Optional<F>]?: Of<F[K]> | undefined;
};

export interface RecordType<T> extends Codec<T> {
  readonly recordName: string;
  toMap(value: T): Map<number, Value>;
  fromMap(value: Value): T;
  toBytes(value: T): Uint8Array<ArrayBuffer>;
  fromBytes(data: Uint8Array): T;
}
export type Infer<R> = R extends RecordType<infer T> ? T : never;

class Wrong extends EncodingRefused {
  constructor(readonly why: string) {
    super("record_form", why);
  }
}

/** A field under map key `key`; an optional one is an absent property when absent. */
export function at<T>(key: number, codec: Codec<T>): Field<T, false>;
export function at<T>(key: number, codec: Codec<T>, how: { optional: true }): Field<T, true>;
export function at<T>(key: number, codec: Codec<T>, how?: { optional: true }): Field<T> {
  return { key, codec, optional: how !== undefined };
}

/** Declare a record. `fromMap` throws EncodingRefused `record_form` with the record's and the field's name. */
export function record<F extends Fields>(name: string, declared: F): RecordType<Shape<F>> {
  const fields = Object.entries<Field<unknown>>(declared);
  type T = Shape<F>;

  function toMap(value: T): Map<number, Value> {
    const out = new Map<number, Value>();
    for (const [field, { key, codec }] of fields) {
      const item = (value as Record<string, unknown>)[field];
      if (item !== undefined) out.set(key, codec.dump(item));
    }
    return out;
  }

  function fromMap(value: Value): T {
    if (!(value instanceof Map)) throw new EncodingRefused("record_form", name);
    const out: Record<string, unknown> = {};
    let seen = 0;
    for (const [field, { key, codec, optional }] of fields) {
      const item = value.get(key);
      if (item === undefined) {
        if (!optional) throw new EncodingRefused("record_form", `${name}.${field} is missing`);
        continue;
      }
      seen++;
      try {
        out[field] = codec.load(item);
      } catch (error) {
        if (error instanceof Wrong) throw new EncodingRefused("record_form", `${name}.${field}: ${error.why}`);
        throw error;
      }
    }
    if (seen !== value.size) throw new EncodingRefused("record_form", `${name} has an unknown key`);
    return out as T;
  }

  return {
    recordName: name,
    toMap,
    fromMap,
    load: fromMap,
    dump: toMap,
    toBytes: (value) => encode(toMap(value)),
    fromBytes: (data) => fromMap(decode(data)),
  };
}

function checked<T extends Value>(
  is: (value: Value) => value is T,
  test: (value: T) => boolean,
  what: string,
): Codec<T> {
  return {
    load(value) {
      if (!is(value) || !test(value)) throw new Wrong(what);
      return value;
    },
    dump: (value) => value,
  };
}

const isBytes = (value: Value): value is Uint8Array => value instanceof Uint8Array;
const isText = (value: Value): value is string => typeof value === "string";
const isNumber = (value: Value): value is number => typeof value === "number";
const isBoolean = (value: Value): value is boolean => typeof value === "boolean";
export type RawMap = Map<number, Value>;
const isMap = (value: Value): value is RawMap => value instanceof Map;

/** Exactly `size` bytes. */
export const fixed = (size: number): Codec<Uint8Array> =>
  checked(isBytes, (value) => value.length === size, `not ${size} bytes`);

/** `least` to `most` bytes. */
export const blob = (most: number, least = 0): Codec<Uint8Array> =>
  checked(isBytes, (value) => value.length >= least && value.length <= most, `not ${least} to ${most} bytes`);

/** Text of at most `most` characters (Unicode code points). */
export const textOf = (most: number): Codec<string> =>
  checked(
    isText,
    (value) => value.length <= most || [...value].length <= most,
    `not text of at most ${most} characters`,
  );

export const uint: Codec<number> = checked(isNumber, (value) => value >= 0, "not an unsigned integer");
export const integer: Codec<number> = checked(isNumber, () => true, "not an integer");
export const boolean: Codec<boolean> = checked(isBoolean, () => true, "not true or false");
export const anyMap: Codec<RawMap> = checked(isMap, () => true, "not a map");
export const raw: Codec<Value> = { load: (value) => value, dump: (value) => value };
export const ID16 = fixed(16);
export const ID32 = fixed(32);

/** An integer from `low` to `high`. */
export const between = (low: number, high: number): Codec<number> =>
  checked(isNumber, (value) => value >= low && value <= high, `not ${low} to ${high}`);

/** A member of a table of numbers. */
export function oneOf<T extends number>(table: Readonly<Record<string, T>>): Codec<T> {
  const members = new Set<number>(Object.values(table));
  const is = (value: Value): value is T => isNumber(value) && members.has(value);
  return checked(is, () => true, "not one of its kind");
}

/** A list of `least` to `most` items. */
export function each<T>(codec: Codec<T>, most: number, least = 0): Codec<readonly T[]> {
  return {
    load(value) {
      if (!Array.isArray(value) || value.length < least || value.length > most) {
        throw new Wrong(`not a list of ${least} to ${most}`);
      }
      return value.map((item) => codec.load(item));
    },
    dump: (items) => items.map((item) => codec.dump(item)),
  };
}

/** A list of two. */
export function pair<A, B>(first: Codec<A>, second: Codec<B>): Codec<readonly [A, B]> {
  return {
    load(value) {
      if (!Array.isArray(value) || value.length !== 2) throw new Wrong("not a pair");
      return [first.load(value[0]!), second.load(value[1]!)];
    },
    dump: ([a, b]) => [first.dump(a), second.dump(b)],
  };
}

/** A codec whose value has another shape in the program. */
export function mapped<A, B>(codec: Codec<A>, load: (value: A) => B, dump: (value: B) => A): Codec<B> {
  return { load: (value) => load(codec.load(value)), dump: (value) => codec.dump(dump(value)) };
}

/** A map with text keys (a policy). */
export function mapping<T>(key: Codec<string>, item: Codec<T>, most: number): Codec<ReadonlyMap<string, T>> {
  return {
    load(value) {
      if (!(value instanceof Map) || value.size > most) throw new Wrong(`not a map of at most ${most}`);
      return new Map([...value].map(([name, one]) => [key.load(name), item.load(one)]));
    },
    dump: (items) => new Map<string, Value>([...items].map(([name, one]) => [name, item.dump(one)])),
  };
}
