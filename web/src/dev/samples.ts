import type {
  ConversationView,
  DefectView,
  FileView,
  MemberView,
  MessageView,
  Notice,
  SendState,
  TransferView,
} from "../lib/sync/views";

/** Messages of every kind and in every state, for the component page. The texts are samples, so not in the catalogue. */

const NOON = new Date().setHours(12, 0, 0, 0);
const DAY_MS = 86_400_000;
const STATES: readonly SendState[] = ["queued", "sending", "sent", "delivered", "read", "failed"];

export const CHAT: ConversationView = {
  id: "c".repeat(32),
  kind: "site",
  title: "Lindenweg 4",
  site: "Lindenweg 4, Kassel",
  place: null,
  peer: null,
  unread: 2,
  readSeq: 0,
  time: NOON,
  last: null,
  draft: "",
  muted: 0,
  blocked: "",
  warning: "",
  member: true,
  lead: true,
};

let made = 0;

function message(change: Partial<MessageView>): MessageView {
  made++;
  return {
    id: `m${String(made)}`,
    conversation: CHAT.id,
    seq: made,
    time: NOON + made * 60_000,
    sender: "1a",
    senderName: "Petra Kern",
    mine: false,
    kind: "text",
    text: "",
    notice: null,
    reply: null,
    editedFrom: null,
    edited: false,
    reactions: [],
    files: [],
    place: null,
    duration: 0,
    levels: null,
    state: "sent",
    failure: "",
    ...change,
  };
}

const mine = (change: Partial<MessageView>): MessageView => message({ sender: "9c", mine: true, ...change });
const notice = (event: Notice): MessageView => message({ kind: "notice", notice: event, sender: "" });

function file(name: string, mediaType: string, change: Partial<FileView> = {}): FileView {
  made++;
  return {
    blob: `b${String(made)}`,
    name,
    mediaType,
    size: 482_000,
    width: 4000,
    height: 3000,
    thumbnail: null,
    here: false,
    original: "",
    layers: "",
    transfer: null,
    ...change,
  };
}

const under = (direction: "up" | "down", state: TransferView["state"], failure = ""): TransferView => ({
  direction,
  state,
  done: 180_000,
  total: 482_000,
  failure,
});
const photo = (): FileView => file("wand.jpg", "image/jpeg");

const NOTICES: readonly Notice[] = [
  { event: "created", by: "Petra Kern" },
  { event: "added", by: "Petra Kern", people: ["Ali Öz", "Jana Roth"] },
  { event: "removed", by: "Petra Kern", people: ["Jana Roth"] },
  { event: "left", by: "Ali Öz" },
  { event: "renamed", by: "Petra Kern", title: "Lindenweg 4, Haus B" },
  { event: "lead", by: "Petra Kern", person: "Ali Öz" },
  { event: "defect", by: "Ali Öz", number: 3, note: "Dose fehlt", state: "done" },
  { event: "system", text: "Der Server wird um 20 Uhr neu gestartet." },
];

/** What others wrote, from yesterday on. */
export const RECEIVED: readonly MessageView[] = [
  ...NOTICES.map(notice).map((one, index) => ({ ...one, time: NOON - DAY_MS + index })),
  message({ text: "Moin, der Kran kommt um sieben." }),
  message({ text: "Adresse: https://example.org/plan\nBitte den Nordeingang nehmen.", edited: true }),
  message({
    text: "Passt.",
    reply: { id: "m9", senderName: "Du", kind: "text", text: "Moin, der Kran kommt um sieben." },
    reactions: [
      { text: "👍", count: 3, mine: true, names: ["Du", "Ali Öz", "Jana Roth"] },
      { text: "✅", count: 1, mine: false, names: ["Ali Öz"] },
    ],
  }),
  message({ text: "Dazu?", reply: { id: "gone", senderName: "", kind: "unknown", text: "" } }),
  message({ kind: "photo", files: [photo()] }),
  message({ kind: "photo", text: "Wand 3, vier Dosen", files: [photo(), photo(), photo(), photo(), photo()] }),
  message({ kind: "file", files: [file("Leistungsverzeichnis.pdf", "application/pdf")] }),
  message({
    kind: "file",
    files: [file("Plan.pdf", "application/pdf", { transfer: under("down", "running") })],
  }),
  message({
    kind: "file",
    files: [file("Aufmaß.xlsx", "application/octet-stream", { transfer: under("down", "paused") })],
  }),
  message({
    kind: "voice",
    duration: 14_200,
    levels: Uint8Array.from({ length: 60 }, (_, at) => 40 + ((at * 37) % 180)),
  }),
  message({
    kind: "place",
    text: "Tor 2",
    place: { latitude: 51.3127, longitude: 9.4797, accuracy: 12, label: "Tor 2" },
  }),
  message({ kind: "alarm", text: "Gasgeruch im Keller, alle raus." }),
  message({ kind: "drill", text: "Räumung, alle zum Sammelplatz." }),
  message({ kind: "deleted" }),
  message({ kind: "waiting" }),
  message({ kind: "unknown" }),
];

/** Own ones, in each state, and files on their way up. */
export const SENT: readonly MessageView[] = [
  ...STATES.map((state) =>
    mine({
      text: `Bin unterwegs (${state})`,
      state,
      ...(["queued", "sending", "failed"].includes(state) ? { seq: 0 } : {}),
      failure: state === "failed" ? "event_too_large" : "",
    }),
  ),
  mine({
    kind: "photo",
    files: [file("wand.jpg", "image/jpeg", { here: true, transfer: under("up", "running") })],
    seq: 0,
    state: "sending",
  }),
  mine({
    kind: "file",
    files: [file("Plan.pdf", "application/pdf", { here: true, transfer: under("up", "failed", "no_connection") })],
    seq: 0,
    state: "queued",
  }),
];

/** Where the line "new messages" stands. */
export const UNREAD_FROM = RECEIVED.find((one) => one.kind === "photo")!.seq;

const TODAY = Math.floor(Date.now() / DAY_MS);

function defect(number: number, change: Partial<DefectView>): DefectView {
  return {
    id: `d${String(number)}`,
    photo: "m1",
    index: 0,
    number,
    note: "Abdeckung tauschen, Dose neu ausrichten",
    place: "Wohnung 1, Flur",
    who: "Ali",
    due: TODAY + 2,
    state: "open",
    by: "Petra Kern",
    time: NOON,
    waiting: false,
    file: photo(),
    ...change,
  };
}

/** Open, late, done, with nothing said; the last for who may not change it. */
export const DEFECTS: readonly DefectView[] = [
  defect(1, {}),
  defect(2, { due: TODAY - 2 }),
  defect(3, { state: "done" }),
  defect(4, { note: "", place: "", who: "", due: null, file: null }),
];

const person = (user: string, name: string, change: Partial<MemberView> = {}): MemberView => ({
  user,
  name,
  picture: null,
  role: "member",
  me: false,
  verified: "no",
  lead: false,
  ...change,
});

export const PEOPLE: readonly MemberView[] = [
  person("1a", "Petra Kern", { role: "owner", verified: "yes" }),
  person("9c", "Ali Öz"),
  person("7e", "Bartholomäus Freudenberger-Winterhalder", { role: "site_lead", verified: "changed" }),
];
