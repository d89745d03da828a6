/**
 * The HTTP API's bodies (`/schema/openapi.json` of a server). JSON objects; byte strings travel as base64
 * (RFC 4648 section 4), user ids used as names as lower-case hex.
 */

/** base64 of bytes. */
export type B64 = string;

export interface SealedBox {
  recipient: B64;
  box: B64;
  index: number;
}
export interface Push {
  key: B64;
  subscribed: boolean;
}
export interface Problem {
  title: string;
  status: number;
  code: string;
  detail?: string;
}
export interface Setup {
  secret: B64;
  user_genesis: B64;
  organisation_genesis: B64;
  boxes: SealedBox[];
  profile: B64;
  organisation_profile: B64;
}
export interface SetupInfo {
  organisation_name: string;
  owner_name: string;
}
export interface Invitation {
  organisation: B64[];
  users: Record<string, B64[]>;
  organisation_profile: B64;
}
export interface Join {
  user_genesis: B64;
  enrolment: B64;
  boxes: SealedBox[];
  profile: B64;
}
export interface Joined {
  organisation: B64;
  user: B64;
  organisation_length: number;
  user_length: number;
}
export interface Session {
  token: string;
  expires: number;
}
export interface Chain {
  statements: B64[];
  length: number;
}
export interface OrganisationProfile {
  profile: B64;
}
export interface OrganisationStatement {
  statement: B64;
  profile?: B64;
}
export interface UserStatement {
  statement: B64;
  boxes: SealedBox[];
  profile?: B64;
}
export interface Extended {
  length: number;
}
export interface Person {
  user: B64;
  role: number | null;
  profile: B64;
  chain_length: number;
}
export interface Picture {
  picture: string;
}
export interface People {
  people: Person[];
}
export interface Seals {
  generation: number;
  box: B64;
}
/** The public keys of a device that waits to be scanned. */
export interface Offered {
  signing: string;
  box: string;
}

/** The device link, sealed to the offered box key; nothing while nobody has scanned it. */
export interface OfferAnswer {
  box: string | null;
}

export interface Recovery {
  user: B64;
  user_chain: B64[];
  organisation: B64[];
  users: Record<string, B64[]>;
  generation: number;
  box: B64;
}
export interface ConversationStatement {
  event: B64;
  boxes: SealedBox[];
}
export interface Appended {
  seq: number;
  time: number;
}
export interface LoggedEvent {
  seq: number;
  time: number;
  event: B64;
  hash: B64;
}
export interface EventPage {
  events: LoggedEvent[];
  last_seq: number;
}
export interface Box {
  kind: "generation" | "grant" | "repair" | "holder";
  generation: number;
  first: number;
  box_generation: number;
  box: B64;
}
export interface Boxes {
  boxes: Box[];
}
export interface Slots {
  events: B64[];
}
export interface Repair {
  conversation: B64;
  generation: number;
  user: B64;
}
export interface Repairs {
  repairs: Repair[];
}
export interface RepairAnswer {
  generation: number;
  user: B64;
  box_generation: number;
  box: B64;
}

/** Bytes as they stand in JSON. */
export function toB64(bytes: Uint8Array): B64 {
  let binary = "";
  for (let i = 0; i < bytes.length; i += 0x8000) binary += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(binary);
}

/** Bytes from JSON. Throws when it is not base64. */
export function fromB64(text: B64): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}
