import type { PushTarget } from "./api";

/** What the server needs of a browser's subscription. */
export function targetOf(subscription: PushSubscription): PushTarget {
  const part = (name: PushEncryptionKeyName): Uint8Array => {
    const key = subscription.getKey(name);
    // Without both keys nothing can be sealed for this browser (RFC 8291).
    if (!key) throw new TypeError(`the subscription has no ${name}`);
    return new Uint8Array(key);
  };
  return { endpoint: subscription.endpoint, p256dh: part("p256dh"), auth: part("auth") };
}
