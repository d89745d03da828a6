import type { Hex } from "../protocol/bytes";
import { distance, fromE7, type Point, toE7 } from "../geo/sphere";
import { Kind } from "../protocol/conversation";
import { allowed, LivePlace, LONGEST_MS, POLICY, readLivePlace } from "../protocol/places";
import type { RawMap } from "../protocol/records";
import { SlotType } from "../protocol/slots";
import { type Change, Problem } from "./api";
import type { Core } from "./core";
import type { Office } from "./office";
import type { Slot, SlotKind, Slots } from "./slots";
import { isNetwork } from "./transport";
import type { FixView, PlacesView, ShareView, SpotView } from "./views";

const SHARES = "shares";
const NEWS = "live_location_seen";
const HINTED = "arrival_hinted";
/** A place is written again when somebody has moved so far (m), or after so long, but never more often than that (ms). */
const MOVED_M = 15;
const STILL_MS = 60_000;
const LEAST_MS = 5_000;
/** Refusals after which the next place is tried again. */
const LATER = new Set(["rekey_required", "stale", "unavailable", "unsafe"]);

interface Share {
  conversation: Hex;
  ends: number;
}
interface Written extends Point {
  time: number;
}

/**
 * Live places (docs/protocol.md, 7 [M40]): what others share is held in memory only, and forgotten at its end; what this
 * person shares has an end and is known over a restart, so that it can be taken away. Nothing is shared by itself.
 */
export class LivePlaces implements SlotKind {
  readonly type = SlotType.LIVE_PLACE;
  readonly remembers = false;
  private readonly spots = new Map<Hex, Map<Hex, { counter: number; place: LivePlace }>>();
  private readonly written = new Map<Hex, Written>();
  private shares: Share[] = [];
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly core: Core,
    private readonly slots: Slots,
    private readonly office: Office,
    private readonly emit: (change: Change) => void,
  ) {}

  async load(): Promise<void> {
    this.shares = ((await this.core.parts.store.get("kv", SHARES)) as Share[] | undefined) ?? [];
    this.watch();
  }

  // -- what the organisation allows

  get allowed(): boolean {
    return allowed(this.core.parts.chains.policies);
  }

  rulings(): PlacesView["rulings"] {
    const { chains, self } = this.core.parts;
    return chains.rulings(POLICY).map(({ value, by, time }) => ({
      allowed: allowed(new Map([[POLICY, value]])),
      name: by === self.user ? null : chains.name(by),
      time,
    }));
  }

  async allow(wanted: boolean): Promise<void> {
    await this.office.setPolicies(new Map([[POLICY, wanted ? 1 : 0]]));
    await this.noticed();
    await this.ruled();
  }

  /** The organisation may have decided otherwise: what it forbids ends, and does not go on by itself when allowed anew. */
  async ruled(): Promise<void> {
    if (!this.allowed) for (const share of [...this.shares]) await this.stop(share.conversation);
  }

  /** Whether the organisation has decided otherwise since this person last looked. */
  async news(): Promise<boolean> {
    const seen = (await this.core.parts.store.get("kv", NEWS)) as boolean | undefined;
    return this.allowed !== (seen ?? false);
  }

  async noticed(): Promise<void> {
    await this.core.parts.store.put("kv", NEWS, this.allowed);
    this.emit({ type: "places" });
  }

  // -- hints of having arrived: only which site the person was last asked about, and only here

  async hinted(): Promise<PlacesView["hinted"]> {
    return ((await this.core.parts.store.get("kv", HINTED)) as PlacesView["hinted"] | undefined) ?? null;
  }

  async setHinted(hinted: NonNullable<PlacesView["hinted"]>): Promise<void> {
    await this.core.parts.store.put("kv", HINTED, hinted);
    this.emit({ type: "places" });
  }

  // -- what others share

  seen(conversation: Hex, user: Hex): number {
    return this.spots.get(conversation)?.get(user)?.counter ?? -1;
  }

  keep(conversation: Hex, user: Hex, slot: Slot): Promise<void> {
    const place = readLivePlace(slot.value);
    let spots = this.spots.get(conversation);
    if (!spots) this.spots.set(conversation, (spots = new Map()));
    spots.set(user, { counter: slot.counter, place });
    this.emit({ type: "places" });
    this.watch();
    return Promise.resolve();
  }

  /** Where the members are who share it now, the newest first: with everybody there, or with me by name. */
  team(conversation: Hex): SpotView[] {
    const { logs } = this.core.parts;
    if (!this.allowed) return [];
    const members = new Set(logs.rows.get(conversation)?.members ?? []);
    const newest = new Map(this.shown(conversation, members, false).map((spot) => [spot.user, spot]));
    for (const { id, kind, peer } of logs.rows.values()) {
      if (kind !== Kind.DIRECT || id === conversation || !members.has(peer)) continue;
      for (const spot of this.shown(id, new Set([peer]), true)) {
        if (spot.time > (newest.get(spot.user)?.time ?? 0)) newest.set(spot.user, spot);
      }
    }
    return [...newest.values()].sort((a, b) => b.time - a.time);
  }

  private shown(conversation: Hex, users: ReadonlySet<Hex>, alone: boolean): SpotView[] {
    const { chains, env, self } = this.core.parts;
    const now = env.now();
    return [...(this.spots.get(conversation) ?? [])].flatMap(([user, { place }]): SpotView[] => {
      const { latitude, longitude, accuracy, ends, time } = place;
      if (latitude === undefined || longitude === undefined || ends <= now || !users.has(user)) return [];
      return [
        {
          user,
          name: chains.name(user),
          me: user === self.user,
          alone,
          ...fromE7({ latitude, longitude }),
          accuracy: (accuracy ?? 0) / 100,
          time,
          ends,
        },
      ];
    });
  }

  // -- what this person shares

  sharing(): ShareView[] {
    const now = this.core.parts.env.now();
    return this.shares.filter((share) => share.ends > now);
  }

  async share(conversation: Hex, ends: number): Promise<void> {
    const { env, logs } = this.core.parts;
    if (!this.allowed) throw new Problem("location_forbidden");
    if (!logs.rows.get(conversation)?.member) throw new Problem("not_found", "not a member");
    if (ends <= env.now() || ends - env.now() > LONGEST_MS) throw new Problem("malformed", "sharing must end");
    this.written.delete(conversation);
    await this.setShares([
      ...this.shares.filter((share) => share.conversation !== conversation),
      { conversation, ends },
    ]);
  }

  /** Take the place away: at once for this device, as soon as there is a connection for the others. */
  async stop(conversation: Hex): Promise<void> {
    if (!this.shares.some((share) => share.conversation === conversation)) return;
    await this.setShares(
      this.shares.map((share) => (share.conversation === conversation ? { ...share, ends: 0 } : share)),
    );
    await this.close();
  }

  /** The device knows where it is: tell those with whom it is shared. */
  async fix(fix: FixView): Promise<void> {
    if (!this.allowed || !this.core.connected) return;
    for (const { conversation, ends } of this.sharing()) {
      const last = this.written.get(conversation);
      const waited = last ? fix.time - last.time : Infinity;
      if (last && (waited < LEAST_MS || (waited < STILL_MS && distance(last, fix) < MOVED_M))) continue;
      const place: LivePlace = {
        ...toE7(fix),
        accuracy: Math.round(fix.accuracy * 100),
        ends,
        time: Math.min(fix.time, ends - 1),
      };
      if (await this.write(conversation, place)) this.written.set(conversation, fix);
    }
  }

  /** What is over is taken away on the server too, and forgotten. */
  async close(): Promise<void> {
    const now = this.core.parts.env.now();
    for (const share of this.shares.filter(({ ends }) => ends <= now)) {
      const gone = !this.core.parts.logs.rows.get(share.conversation)?.member;
      if (!gone && !(await this.write(share.conversation, { ends: 0, time: now }))) continue;
      this.written.delete(share.conversation);
      await this.setShares(this.shares.filter((one) => one !== share));
    }
  }

  private async write(conversation: Hex, place: LivePlace): Promise<boolean> {
    if (!this.core.connected) return false;
    try {
      const value = LivePlace.toMap(place) as RawMap;
      const counter = await this.slots.write(conversation, this.type, value);
      if (counter === null) return false;
      await this.keep(conversation, this.core.parts.self.user, { value, counter } as Slot);
      return true;
    } catch (error) {
      // A new generation or a lost connection: the next place goes under the newest one.
      if (error instanceof Problem && (isNetwork(error) || LATER.has(error.code))) return false;
      throw error;
    }
  }

  private async setShares(shares: Share[]): Promise<void> {
    this.shares = shares;
    await this.core.parts.store.put("kv", SHARES, shares);
    this.emit({ type: "places" });
    this.watch();
  }

  /** Say when the next thing ends, so that it goes from the screen by itself. */
  private watch(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    const now = this.core.parts.env.now();
    const ends = [
      ...this.shares.map((share) => share.ends),
      ...[...this.spots.values()].flatMap((spots) => [...spots.values()].map(({ place }) => place.ends)),
    ].filter((end) => end > now);
    if (ends.length === 0) return;
    this.timer = setTimeout(
      () => {
        this.emit({ type: "places" });
        void this.close();
        this.watch();
      },
      Math.min(...ends) - now + 1,
    );
  }

  /** A place as a message. */
  content(
    fix: FixView,
    label: string,
  ): { type: "place"; latitude: number; longitude: number; accuracy?: number; label?: string } {
    return {
      type: "place",
      ...toE7(fix),
      ...(fix.accuracy > 0 ? { accuracy: Math.round(fix.accuracy * 100) } : {}),
      ...(label ? { label } : {}),
    };
  }
}
