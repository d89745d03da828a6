import type { Hex } from "../protocol/bytes";
import { fromB64, type Push as PushBody, toB64 } from "../wire/api";
import type { PushApi, PushServerView, PushTarget } from "./api";
import { noticeOf } from "./knock";
import type { Life } from "./area_session";
import type { NoticeView } from "./views";

const PATH = "/v1/push/subscription";

/** Being told while the app is not open. The browser's half is the app's (`state/push.svelte.ts`). */
export class PushArea implements PushApi {
  constructor(private readonly life: Life) {}

  async server(): Promise<PushServerView> {
    const answer = await this.life.running.core.parts.transport.call<PushBody>("GET", "/v1/push");
    return { key: fromB64(answer.key), subscribed: answer.subscribed };
  }

  async subscribe(target: PushTarget): Promise<void> {
    const body = { endpoint: target.endpoint, p256dh: toB64(target.p256dh), auth: toB64(target.auth) };
    await this.life.running.core.parts.transport.call("PUT", PATH, { body });
  }

  async unsubscribe(): Promise<void> {
    await this.life.running.core.parts.transport.call("DELETE", PATH);
  }

  async notice(conversation: Hex, seq: number, urgent: boolean): Promise<NoticeView | null> {
    const { core, logs } = this.life.running;
    if (logs.cursor(conversation) < seq) await core.catchUp(conversation);
    return noticeOf(core.parts, this.life.stored, { conversation, seq, urgent });
  }
}
