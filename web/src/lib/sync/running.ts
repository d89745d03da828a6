import type { Alarms } from "./alarms";
import type { Change } from "./api";
import type { Chains } from "./chains";
import type { Core } from "./core";
import type { Defects } from "./defects";
import type { Faces } from "./faces";
import type { Files } from "./files";
import type { LivePlaces } from "./live_places";
import type { Logs } from "./logs";
import type { Office } from "./office";
import type { Outbox } from "./outbox";
import type { Receipts } from "./receipts";
import type { Self } from "./self";
import type { Slots } from "./slots";
import type { Talk } from "./talk";
import type { Templates } from "./templates";
import type { Voice } from "./voice";

/** What runs once this device is somebody. */
export interface Running {
  self: Self;
  chains: Chains;
  logs: Logs;
  core: Core;
  outbox: Outbox;
  files: Files;
  defects: Defects;
  alarms: Alarms;
  receipts: Receipts;
  slots: Slots;
  office: Office;
  places: LivePlaces;
  faces: Faces;
  talk: Talk;
  templates: Templates;
  voice: Voice;
}

/** What an area works on: the parts, refused `unauthenticated` while nobody is set up, and where changes go. */
export interface Ground {
  readonly running: Running;
  emit(change: Change): void;
}
