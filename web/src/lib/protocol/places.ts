import type { Value } from "./cbor";
import { LATITUDE, LONGITUDE } from "./content";
import { EncodingRefused } from "./errors";
import { at, type Infer, record, uint } from "./records";

/** Live places: where somebody is, for a while, in a slot that the next one overwrites (docs/protocol.md, 7). [M40] */

/** The organisation's policy: 1 allows live places, anything else and nothing said forbids them. */
export const POLICY = "live_location";
/** The furthest end of a live place (ms): no working day is longer. */
export const LONGEST_MS = 16 * 3_600_000;

/** Degrees times 10^7, accuracy in cm; `ends` and `time` in ms since 1970 UTC. `ends` 0: it is over, and says no place. */
export const LivePlace = record("LivePlace", {
  latitude: at(0, LATITUDE, { optional: true }),
  longitude: at(1, LONGITUDE, { optional: true }),
  accuracy: at(2, uint, { optional: true }),
  ends: at(3, uint),
  time: at(4, uint),
});
export type LivePlace = Infer<typeof LivePlace>;

/** Read a slot's value. Throws EncodingRefused: `record_form`, or `place_form` (no end, no place, too far ahead). */
export function readLivePlace(value: Value): LivePlace {
  const place = LivePlace.fromMap(value);
  const { latitude, longitude, accuracy, ends, time } = place;
  const right =
    ends === 0
      ? latitude === undefined && longitude === undefined && accuracy === undefined
      : latitude !== undefined && longitude !== undefined && ends > time && ends - time <= LONGEST_MS;
  if (!right) throw new EncodingRefused("place_form");
  return place;
}

/** Whether the organisation allows live places. Whether anybody shares one, each person decides anew every time. */
export function allowed(policies: ReadonlyMap<string, number | string>): boolean {
  return policies.get(POLICY) === 1;
}
