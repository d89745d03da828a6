/** Who holds it is the one writer of the device's store; the service worker takes it while no tab does. */
export const LOCK = "werkfunk-engine";
/** Tabs, their workers and the service worker talk here (`rpc.ts`). */
export const CHANNEL = "werkfunk";

/** What goes with a notification, for the tap on it and for clearing. */
export interface NoticeData {
  conversation: string;
  seq: number;
  /** An alarm. */
  urgent?: true;
}
