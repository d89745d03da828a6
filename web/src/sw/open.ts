import { browserEnv } from "../lib/sync/env";
import { openKnock } from "../lib/sync/knock";
import { Self } from "../lib/sync/self";
import { targetOf } from "../lib/sync/subscription";
import { Transport } from "../lib/sync/transport";
import { Store } from "../lib/storage/store";
import { toB64 } from "../lib/wire/api";
import "./types";

const env = browserEnv(location.origin);

globalThis.werkfunkOpener = {
  open: (knock, seen, signal) => openKnock(env, knock, seen, signal),

  async renew(subscription) {
    const store = await Store.open();
    try {
      const self = await Self.load(store);
      if (!self) {
        await subscription.unsubscribe();
        return;
      }
      const { endpoint, p256dh, auth } = targetOf(subscription);
      const body = { endpoint, p256dh: toB64(p256dh), auth: toB64(auth) };
      await new Transport(env, self.row.device, self.signing).call("PUT", "/v1/push/subscription", { body });
    } finally {
      store.close();
    }
  },
};
