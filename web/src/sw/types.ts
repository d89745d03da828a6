import type { Hex } from "../lib/protocol/bytes";
import type { Knock } from "../lib/sync/knock";
import type { NoticeView } from "../lib/sync/views";

/** What the second script of the service worker gives: everything that needs keys. Loaded when a push comes. */
export interface Opener {
  /** Fetch and open what a push is about, while no tab is there to do it. */
  open(knock: Knock, seen: readonly Hex[], signal: AbortSignal): Promise<NoticeView | null>;
  /** The browser has exchanged the subscription: tell the server. */
  renew(subscription: PushSubscription): Promise<void>;
}

declare global {
  /** Where the second script leaves it. */
  var werkfunkOpener: Opener | undefined;
}
