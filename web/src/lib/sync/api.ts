import type { Point } from "../geo/sphere";
import type { AlarmSettingsApi } from "./alarm_settings_views";
import type { AlarmsApi } from "./alarm_views";
import type { Layers } from "../protocol/layers";
import type {
  ConversationKind,
  ConversationView,
  DefectStateName,
  DefectView,
  DeviceView,
  FloorView,
  FixView,
  FoundView,
  Id,
  LinkView,
  MemberView,
  MessageView,
  MeView,
  NetworkView,
  NoticeView,
  OpenInviteView,
  PageView,
  PersonView,
  PlacesView,
  Phase,
  RoleName,
  SettingsView,
  SpotView,
  TransferView,
} from "./views";

/**
 * What the app can ask of the worker, by area. Every call may be refused with a `Problem`, whose code has a text in the
 * catalogue. A new area is one interface here, one class that fulfils it, one line in `Engine`.
 *
 * Nothing waits for the network that need not: sending, editing, reading and drafts are kept on the device and done
 * when there is a connection. What changes keys or people (`create`, `add`, `invite`, …) needs the server at once.
 */
export interface Engine {
  readonly session: SessionApi;
  readonly people: PeopleApi;
  readonly devices: DevicesApi;
  readonly chats: ChatsApi;
  readonly messages: MessagesApi;
  readonly files: FilesApi;
  readonly defects: DefectsApi;
  readonly voice: VoiceApi;
  readonly push: PushApi;
  readonly alarms: AlarmsApi;
  readonly alarmSettings: AlarmSettingsApi;
  readonly places: PlacesApi;
}

/** Getting in and out, and what this device is set to. */
export interface SessionApi {
  get(): Promise<SessionView>;
  /** What a link is for; nothing is used up. */
  peek(link: string): Promise<LinkView>;
  /** Join by invite, found the organisation by a set-up link, or add this device by a device link. */
  join(link: string, about: About): Promise<void>;
  /** Come back on a new device with the recovery code. */
  recover(code: string, about: About): Promise<void>;
  /** Show this device's code, for an active device of a person to scan; good for 15 minutes. */
  offer(device: string): Promise<InviteView>;
  /** Whether it has been scanned; this device is the person's then. */
  offered(): Promise<boolean>;
  /** The code to show, while it has not been confirmed as kept; null afterwards. */
  recoveryCode(): Promise<string | null>;
  recoveryKept(): Promise<void>;
  /** A new code; the old one opens nothing any more. */
  renewRecovery(): Promise<string>;
  settings(change: Partial<SettingsView>): Promise<void>;
  /** Forget everything on this device. */
  wipe(): Promise<void>;
  /** The browser says that the network came or went, or the app came to the front. */
  wake(): Promise<void>;
}

export interface PeopleApi {
  list(): Promise<PersonView[]>;
  /** The own name and picture, signed anew. */
  profile(change: { name?: string; picture?: Blob | null }): Promise<void>;
  /** 12 groups of 5 digits, and what the QR code holds. */
  verification(person: Id): Promise<VerificationView>;
  /** After people have compared numbers. A warning is not lifted by it: the keys are not the person's. */
  verify(person: Id, verified: boolean): Promise<void>;
  /** Ask the server again for a person's keys that did not fit; whether they do now. */
  check(person: Id): Promise<boolean>;
  /** Read another person's verification code; gives whose it is. Refused `verification_mismatch`. */
  verifyScanned(scanned: string): Promise<Id>;
  invite(role: RoleName, uses: number, days: number): Promise<InviteView>;
  /** Invitations of the organisation that still let people in, the newest first. Their links are with whoever made them. */
  invites(): Promise<OpenInviteView[]>;
  /** Nobody comes in by it any more. Refused `forbidden`. */
  withdraw(invite: Id): Promise<void>;
  /** Out of the organisation, for good. */
  remove(person: Id): Promise<void>;
  setRole(person: Id, role: RoleName): Promise<void>;
}

/** The own devices. */
export interface DevicesApi {
  list(): Promise<DeviceView[]>;
  /** A link for a second device, good for 15 minutes, once. */
  link(): Promise<InviteView>;
  /** Let in the device that shows this code. Refused `link_invalid`, `link_elsewhere`, `offer_expired`, `unsafe`. */
  take(code: string): Promise<void>;
  revoke(device: Id): Promise<void>;
}

/** Conversations. */
export interface ChatsApi {
  list(): Promise<ConversationView[]>;
  get(id: Id): Promise<ConversationView>;
  members(id: Id): Promise<MemberView[]>;
  /** `id`, given by the asking tab, so that asking again (its worker went) does not make two. */
  create(kind: ConversationKind, title: string, site: string, people: Id[], id?: Id, place?: Point | null): Promise<Id>;
  /** The direct conversation with a person; made if there is none. */
  direct(person: Id, id?: Id): Promise<Id>;
  /** `place` null takes the place away; not given, it stays. */
  rename(id: Id, title: string, site: string, place?: Point | null): Promise<void>;
  add(id: Id, people: Id[]): Promise<void>;
  remove(id: Id, person: Id): Promise<void>;
  leave(id: Id): Promise<void>;
  setLead(id: Id, person: Id, lead: boolean): Promise<void>;
  /** Silent until this time (ms); 0: not. */
  mute(id: Id, until: number): Promise<void>;
  read(id: Id, seq: number): Promise<void>;
  draft(id: Id, text: string): Promise<void>;
}

export interface MessagesApi {
  page(conversation: Id, where: Where, limit: number): Promise<PageView>;
  /** Messages on this device that hold the words, a part of the log for each question; begin with `below` null. */
  find(conversation: Id, words: string, below: number | null): Promise<FoundView>;
  send(conversation: Id, out: Outgoing): Promise<Id>;
  edit(conversation: Id, message: Id, text: string): Promise<void>;
  /** Delete for everybody. */
  erase(conversation: Id, message: Id): Promise<void>;
  react(conversation: Id, message: Id, text: string): Promise<void>;
  /** Try a failed message again, or drop one that was not sent. */
  retry(message: Id): Promise<void>;
  discard(message: Id): Promise<void>;
}

export interface FilesApi {
  /** The original of a file, fetched if it is not here. */
  open(conversation: Id, message: Id, blob: Id): Promise<Blob>;
  pause(blob: Id): Promise<void>;
  resume(blob: Id): Promise<void>;
}

export interface SessionView {
  phase: Phase;
  me: MeView | null;
  settings: SettingsView;
  network: NetworkView;
}

/** Being told while the app is not open. What the browser must do stands in `state/push.svelte.ts`. */
export interface PushApi {
  /** Asks the server; needs the network. */
  server(): Promise<PushServerView>;
  subscribe(target: PushTarget): Promise<void>;
  unsubscribe(): Promise<void>;
  /** What a push is about; fetched if it is not here yet. */
  notice(conversation: Id, seq: number, urgent: boolean): Promise<NoticeView | null>;
}

export interface PushServerView {
  /** What browsers subscribe with; empty: this server does not push. */
  key: Uint8Array;
  subscribed: boolean;
}

/** A browser's subscription. */
export interface PushTarget {
  endpoint: string;
  p256dh: Uint8Array;
  auth: Uint8Array;
}

/** Who joins: the name others see, and what this device is called. */
export interface About {
  name: string;
  picture: Blob | null;
  device: string;
}

export interface VerificationView {
  number: string;
  code: string;
}

export interface InviteView {
  link: string;
  expires: number;
}

/** At the newest, at the first unread, at a message, or beside what is shown. */
export type Where =
  | { at: "end" }
  | { at: "unread" }
  | { at: "message"; id: Id }
  | { at: "before"; seq: number }
  | { at: "after"; seq: number };

export interface Outgoing {
  /** The message's id, given by the asking tab, so that asking again (its worker went) does not send twice. */
  id?: Id;
  text: string;
  replyTo: Id | null;
  files: OutgoingFile[];
  /** The message with the photo that these photos were edited from. */
  editedFrom?: Id;
}

/**
 * A photo is made smaller; with `original` the full size goes along. What was drawn on it is in `edit`, also what covers
 * parts of it: those are gone from all that is sent. Every picture loses place, time and camera data.
 */
export interface OutgoingFile {
  file: Blob;
  name: string;
  photo: boolean;
  original: boolean;
  edit?: Layers | null;
  /** Defects that are marked on it. */
  defects?: readonly DefectInput[];
}

/** A numbered defect as people enter it. `due` in days since 1970, or null. */
export interface DefectInput {
  number: number;
  note: string;
  place: string;
  who: string;
  due: number | null;
  state: DefectStateName;
}

/** The list of defects of a conversation; changes are kept on the device and sent when there is a connection. */
export interface DefectsApi {
  list(conversation: Id): Promise<DefectView[]>;
  /** On the photo at `index` of a message. */
  add(conversation: Id, photo: Id, index: number, input: DefectInput): Promise<void>;
  change(conversation: Id, defect: Id, input: DefectInput): Promise<void>;
}

/** Push-to-talk and voice notes. What is said comes as changes `packet`, who speaks as changes `floor`. */
export interface VoiceApi {
  /** Hear these conversations from now on, and no others. */
  tune(conversations: Id[]): Promise<void>;
  /** Everything known about floors. */
  floors(): Promise<FloorView[]>;
  /**
   * Ask for the floor; gives the burst, whose name then stands in the floor as `burst` (speak) or `wish` (wait).
   * `urgent`, for alarms, interrupts. Refused `busy`, `forbidden`, `no_connection`, …
   */
  request(conversation: Id, urgent: boolean): Promise<Id>;
  /** One Opus packet of 20 ms and its peak (0 to 255), in order; false once the floor is lost. */
  say(burst: Id, packet: Uint8Array, peak: number): Promise<boolean>;
  /** Stop speaking or waiting; what was said becomes a voice note. */
  release(burst: Id): Promise<void>;
  /** Send a recorded voice note; `duration` in ms, `levels` at most 64 bytes. Gives the message id. */
  note(conversation: Id, file: Blob, duration: number, levels: Uint8Array): Promise<Id>;
}

/** Where people are: only what they say themselves, only as long as they say. */
export interface PlacesApi {
  get(): Promise<PlacesView>;
  /** Allow or forbid live places in the organisation, for all to see. Refused `forbidden`. */
  allow(wanted: boolean): Promise<void>;
  /** The person has read what the organisation decided. */
  noticed(): Promise<void>;
  /** The person has been asked whether she has arrived at this site, on this day. Stays on this device. */
  hinted(conversation: Id, day: string): Promise<void>;
  /** A place as a message. */
  send(conversation: Id, fix: FixView, label: string): Promise<Id>;
  /** From now on each `fix` goes to the members, until `ends` (ms). Refused `location_forbidden`. */
  share(conversation: Id, ends: number): Promise<void>;
  stop(conversation: Id): Promise<void>;
  /** Where this device is now; goes nowhere unless it is shared. */
  fix(fix: FixView): Promise<void>;
  /** Who of the members shares where they are, the newest first. */
  team(conversation: Id): Promise<SpotView[]>;
}

/** What the worker tells without being asked; `messages` brings whole views, new or changed. */
export type Change =
  | { type: "session" }
  | { type: "network"; network: NetworkView }
  | { type: "people" }
  | { type: "devices" }
  | { type: "conversations" }
  | { type: "alarms" }
  | { type: "templates" }
  | { type: "places" }
  | { type: "defects"; conversation: Id }
  | { type: "floor"; floor: FloorView }
  | { type: "packet"; conversation: Id; burst: Id; number: number; opus: Uint8Array }
  | { type: "messages"; conversation: Id; messages: MessageView[]; gone: Id[] }
  | { type: "transfer"; conversation: Id; message: Id; blob: Id; transfer: TransferView | null; here: boolean };

/** An error for people: `code` has a text in the catalogue. */
export class Problem extends Error {
  constructor(
    readonly code: string,
    readonly detail = "",
  ) {
    super(detail ? `${code}: ${detail}` : code);
    this.name = "Problem";
  }
}
