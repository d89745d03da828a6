import type { Point } from "../geo/sphere";

/**
 * What the worker shows to the app: plain values that survive structured cloning. No keys, no chains, no handles.
 *
 * Ids are lower-case hex, times milliseconds since 1970 UTC, sizes bytes.
 */

export type Id = string;

export type RoleName = "owner" | "admin" | "site_lead" | "member" | "guest";

/** How far this device is: nothing set up yet, in use, or cut off by the server. */
export type Phase = "empty" | "ready" | "revoked" | "removed";

/** `connecting` also while it catches up; `refused`: the server does not take this device any more. */
export type Network = "offline" | "connecting" | "online" | "refused";

export interface NetworkView {
  state: Network;
  /** Events still to fetch while catching up, 0 when done; for a calm progress line. */
  behind: number;
  /** Messages that wait in the outbox. */
  queued: number;
  /** This device's clock differs from the server's by more than some minutes (ms), else 0. */
  clockOff: number;
  /** What the server shows does not fit what is signed: why (a stable code), or "". Nothing is sent then. */
  unsafe: string;
}

export interface MeView {
  user: Id;
  device: Id;
  name: string;
  picture: Uint8Array | null;
  role: RoleName;
  organisation: string;
  /** The recovery code has been seen or printed; else the app reminds. */
  recoveryKept: boolean;
}

/** `changed`: the verified keys are not the ones seen now; nothing is sent until the person has looked. */
export type Verified = "no" | "yes" | "changed";

export interface PersonView {
  user: Id;
  name: string;
  picture: Uint8Array | null;
  role: RoleName;
  me: boolean;
  verified: Verified;
}

/** An invitation that still lets people in: `left` more of them, until `expires`. */
export interface OpenInviteView {
  id: Id;
  role: RoleName;
  left: number;
  expires: number;
}

export interface DeviceView {
  device: Id;
  label: string;
  here: boolean;
  added: number;
}

export type ConversationKind = "direct" | "group" | "site";

export type MessageKind =
  "text" | "photo" | "file" | "voice" | "place" | "alarm" | "drill" | "notice" | "deleted" | "waiting" | "unknown";

export interface ConversationView {
  id: Id;
  kind: ConversationKind;
  /** The other person's name in a direct conversation. */
  title: string;
  /** A site's address, else "". */
  site: string;
  /** Where a site is, if somebody has said so. */
  place: Point | null;
  /** The other person of a direct conversation. */
  peer: PersonView | null;
  unread: number;
  /** Read up to here in the log. */
  readSeq: number;
  /** Of the newest message or notice. */
  time: number;
  last: LastView | null;
  /** Text typed and not sent. */
  draft: string;
  /** Muted until this time; 0: not. */
  muted: number;
  /** Why nothing can be sent: a stable code, or "". */
  blocked: string;
  /** Somebody saw another history: shown, stops nothing. */
  warning: string;
  /** I am in it; after leaving it stays readable. */
  member: boolean;
  lead: boolean;
}

export interface LastView {
  kind: MessageKind;
  /** First line; for a notice see `notice`. */
  text: string;
  sender: string;
  mine: boolean;
  state: SendState;
  notice: Notice | null;
}

export interface MemberView extends PersonView {
  lead: boolean;
}

/** What happened to a conversation, as a line between the messages. */
export type Notice =
  | { event: "created"; by: string }
  | { event: "added"; by: string; people: string[] }
  | { event: "removed"; by: string; people: string[] }
  | { event: "left"; by: string }
  | { event: "renamed"; by: string; title: string }
  | { event: "placed"; by: string; there: boolean }
  | { event: "lead"; by: string; person: string }
  | { event: "defect"; by: string; number: number; note: string; state: DefectStateName }
  | { event: "system"; text: string };

/** queued: waits for the network; sent: the server holds it; delivered: on everybody's device; failed: see `failure`. */
export type SendState = "queued" | "sending" | "sent" | "delivered" | "read" | "failed";

export interface MessageView {
  id: Id;
  conversation: Id;
  /** Place in the log; 0 while it is not acknowledged. */
  seq: number;
  time: number;
  sender: Id;
  senderName: string;
  mine: boolean;
  kind: MessageKind;
  text: string;
  notice: Notice | null;
  reply: ReplyView | null;
  /** The photo that this one was edited from; its `senderName` is "" where it is not here, or no photo. */
  editedFrom: ReplyView | null;
  edited: boolean;
  reactions: ReactionView[];
  files: FileView[];
  place: PlaceView | null;
  /** Length of a voice note, ms. */
  duration: number;
  /** Its loudness over time, 0 to 255; null where it is not known. */
  levels: Uint8Array | null;
  state: SendState;
  /** A stable error code when `state` is failed. */
  failure: string;
}

/** A message that was looked for. */
export interface HitView {
  conversation: Id;
  id: Id;
  time: number;
  senderName: string;
  mine: boolean;
  kind: MessageKind;
  /** Its words, with the names of its files. */
  text: string;
}

export interface FoundView {
  /** The newest first. */
  hits: HitView[];
  /** Where to go on; 0: all has been looked through. */
  below: number;
}

export interface ReplyView {
  id: Id;
  senderName: string;
  kind: MessageKind;
  text: string;
}

export interface ReactionView {
  text: string;
  count: number;
  mine: boolean;
  names: string[];
}

export interface PlaceView {
  /** Degrees. */
  latitude: number;
  longitude: number;
  /** Metres, or 0. */
  accuracy: number;
  label: string;
}

export interface FileView {
  blob: Id;
  name: string;
  mediaType: string;
  size: number;
  width: number;
  height: number;
  /** JPEG or WebP, at most 16 KiB. */
  thumbnail: Uint8Array | null;
  /** The file is on this device. */
  here: boolean;
  /** Blobs of the original and of what was drawn on it, where they came along; else "". */
  original: Id;
  layers: Id;
  transfer: TransferView | null;
}

export type DefectStateName = "open" | "done" | "withdrawn";

/** A numbered defect of a conversation's list. */
export interface DefectView {
  id: Id;
  /** The message with the photo, and which of its photos. */
  photo: Id;
  index: number;
  number: number;
  note: string;
  place: string;
  who: string;
  /** Days since 1970, or null. */
  due: number | null;
  state: DefectStateName;
  /** Who said so last, and when. */
  by: string;
  time: number;
  /** Not sent yet. */
  waiting: boolean;
  file: FileView | null;
}

export interface TransferView {
  direction: "up" | "down";
  state: "waiting" | "running" | "paused" | "failed";
  done: number;
  total: number;
  failure: string;
}

/** Who speaks in a conversation; `burst` is "" while nobody does. */
export interface FloorView {
  conversation: Id;
  burst: string;
  user: Id;
  name: string;
  /** It is this person, on this or another device. */
  me: boolean;
  /** It is this device: what is said here is heard. */
  mine: boolean;
  /** When the floor is taken back, ms since 1970 by the server. */
  ends: number;
  urgent: boolean;
  /** Names of those who wait, the next first. */
  waiting: string[];
  /** This device's wish while it waits, and its place (1 is next). */
  wish: string;
  position: number;
  /** Why the last burst ended, as in `floor_released`. */
  reason: string;
}

/** Part of a conversation, oldest first. */
export interface PageView {
  messages: MessageView[];
  /** There is more before and after. */
  before: boolean;
  after: boolean;
  /** The first unread seq when the page was read, 0 if none. */
  unreadFrom: number;
}

export interface LinkView {
  type: "setup" | "invite" | "device";
  organisation: string;
  /** Who is invited, where the link knows it. */
  name: string;
  role: RoleName | null;
}

export interface SettingsView {
  language: "de" | "en" | "";
  theme: "light" | "dark" | "";
  simple: boolean;
  /** Notifications show who wrote and what; else only that something came. */
  preview: boolean;
  /** Others see that I have read. */
  receipts: boolean;
  /** On a site, ask me whether I want to say that I have arrived. */
  arrivals: boolean;
  /** This device wants to be told while the app is not open; renewed at each start. */
  push: boolean;
}

/** One line of a notification. */
export interface NewsView {
  sender: string;
  kind: MessageKind | "reaction";
  text: string;
}

/** What a push is about: for the service worker to show. */
export interface NoticeView {
  conversation: Id;
  /** The newest event held. */
  seq: number;
  title: string;
  direct: boolean;
  /** The newest unread lines, oldest first; none when nothing needs words. */
  news: NewsView[];
  /** Unread lines before those. */
  more: number;
  /** Read by now, here or on another device. */
  read: boolean;
  muted: boolean;
  preview: boolean;
  language: SettingsView["language"];
  /** Of all conversations, for the badge. */
  unread: number;
  /** Read markers by conversation: notifications up to there are done with. */
  readUpTo: Record<Id, number>;
}

/** Where this device is: degrees, metres, ms since 1970 UTC. */
export interface FixView {
  latitude: number;
  longitude: number;
  accuracy: number;
  time: number;
}

/** Where somebody is who shares it, until `ends`. */
export interface SpotView extends FixView {
  user: Id;
  name: string;
  me: boolean;
  /** Shared with me by name, not with everybody of the conversation that is asked for. */
  alone: boolean;
  ends: number;
}

/** With whom this person shares where they are, until when. */
export interface ShareView {
  conversation: Id;
  ends: number;
}

export interface PlacesView {
  /** The organisation allows live places. */
  allowed: boolean;
  /** Who has decided so and when, the newest first; `name` is null for oneself. */
  rulings: readonly { allowed: boolean; name: string | null; time: number }[];
  /** It has decided otherwise since this person last looked. */
  news: boolean;
  sharing: ShareView[];
  /** The site that this person was last asked about, and the day ("2026-11-30"): see `state/arrival`. */
  hinted: { conversation: Id; day: string } | null;
}
