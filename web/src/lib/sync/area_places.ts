import type { PlacesApi } from "./api";
import type { Ground } from "./running";
import type { FixView, Id, PlacesView, SpotView } from "./views";

export class PlacesArea implements PlacesApi {
  constructor(private readonly ground: Ground) {}

  async get(): Promise<PlacesView> {
    const { places } = this.ground.running;
    const [news, hinted] = [await places.news(), await places.hinted()];
    return { allowed: places.allowed, rulings: places.rulings(), news, sharing: places.sharing(), hinted };
  }

  allow(wanted: boolean): Promise<void> {
    return this.ground.running.places.allow(wanted);
  }

  noticed(): Promise<void> {
    return this.ground.running.places.noticed();
  }

  hinted(conversation: Id, day: string): Promise<void> {
    return this.ground.running.places.setHinted({ conversation, day });
  }

  async send(conversation: Id, fix: FixView, label: string): Promise<Id> {
    const { outbox, places } = this.ground.running;
    outbox.checkSafe(conversation);
    const row = await outbox.queue(conversation, places.content(fix, label));
    void outbox.flush();
    return row.messageId;
  }

  share(conversation: Id, ends: number): Promise<void> {
    return this.ground.running.places.share(conversation, ends);
  }

  stop(conversation: Id): Promise<void> {
    return this.ground.running.places.stop(conversation);
  }

  fix(fix: FixView): Promise<void> {
    return this.ground.running.places.fix(fix);
  }

  team(conversation: Id): Promise<SpotView[]> {
    return Promise.resolve(this.ground.running.places.team(conversation));
  }
}
