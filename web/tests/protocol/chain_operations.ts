import { BoxKey } from "../../src/lib/protocol/boxes";
import { hex, unhex, utf8 } from "../../src/lib/protocol/bytes";
import { decode, encode, type Value } from "../../src/lib/protocol/cbor";
import * as conv from "../../src/lib/protocol/conversation";
import { parseEvent } from "../../src/lib/protocol/events";
import { openMessage } from "../../src/lib/protocol/messages";
import { allSeeds, openLabel, openSeed } from "../../src/lib/protocol/seeds";
import { openSlot } from "../../src/lib/protocol/slots";
import * as org from "../../src/lib/protocol/organisation";
import type { ChainState } from "../../src/lib/protocol/statements";
import * as usr from "../../src/lib/protocol/user";
import type { Inputs, Operation } from "./case";

export const statements = (bytes: Uint8Array | undefined): Uint8Array[] => decode(bytes!) as Uint8Array[];

async function replayUser(chain: Uint8Array[]): Promise<usr.UserState> {
  let state: usr.UserState | null = null;
  for (const data of chain) state = await usr.apply(state, data);
  return state!;
}

export async function replayUsers(inputs: Inputs): Promise<Map<string, usr.UserState>> {
  const states = await Promise.all((decode(inputs["users"]!) as Uint8Array[][]).map(replayUser));
  return new Map(states.map((state) => [hex(state.id), state]));
}

export async function replayOrganisation(
  chain: Uint8Array[],
  users: ReadonlyMap<string, usr.UserState>,
): Promise<org.OrganisationState> {
  let state: org.OrganisationState | null = null;
  for (const data of chain) state = await org.apply(state, data, users);
  return state!;
}

async function replayLog(inputs: Inputs) {
  const users = await replayUsers(inputs);
  const organisation = await replayOrganisation(statements(inputs["organisation"]), users);
  let state: conv.ConversationState | null = null;
  for (const data of statements(inputs["statements"])) state = await conv.apply(state, data, organisation, users);
  return { state: state!, organisation, users };
}

function head(state: ChainState): Record<string, Uint8Array> {
  return { id: state.id, head: encode([state.head.number, state.head.hash]) };
}

const sorted = (entries: Iterable<[string, number]>): Value =>
  [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([user, role]) => [unhex(user), role]);

/** The areas of chains: replay all statements, the last under test. */
export const OPERATIONS: Record<string, Operation> = {
  "user-chain": async (v) => {
    const state = await replayUser(statements(v["statements"]));
    const devices = encode([...state.active().keys()].sort().map(unhex));
    return { ...head(state), devices, box_generation: encode(state.box.number) };
  },
  "organisation-chain": async (v) => {
    const state = await replayOrganisation(statements(v["statements"]), await replayUsers(v));
    return { ...head(state), people: encode(sorted(state.people())) };
  },
  "conversation-log": async (v) => {
    const { state } = await replayLog(v);
    const members = [...state.members].filter(([user]) => state.has(user));
    const roles = sorted(members.map(([user, member]) => [user, member.role]));
    return { ...head(state), members: encode(roles), generation: encode(state.generation) };
  },
  "rekey-due": async (v) => {
    const { state, organisation, users } = await replayLog(v);
    const [events, now] = [decode(v["events"]!) as number, decode(v["now"]!) as number];
    return { reason: utf8(conv.rekeyDue(state, organisation, users, events, now) ?? "") };
  },
  entitled: async (v) => {
    const { state } = await replayLog(v);
    return { entitled: encode(state.entitled(v["user"]!, decode(v["generation"]!) as number)) };
  },
  "slot-sender": async (v) => {
    const { state, users } = await replayLog(v);
    const seen = decode(v["seen"]!) as number;
    const [user, slot] = await openSlot(v["secret"]!, parseEvent(v["event"]!), state, users, () => seen);
    return { user, counter: encode(slot.counter) };
  },
  seeds: async (v) => {
    const state = await replayUser(statements(v["statements"]));
    const newest = await openSeed(await BoxKey.fromSeed(v["seed"]!), state, v["recipient"]!, v["box"]!);
    const found = await allSeeds(state, newest);
    const names = [...state.devices.keys()].sort();
    const labels = await Promise.all(
      names.map(async (name) => [unhex(name), await openLabel(found, state.devices.get(name)!.record)]),
    );
    const inOrder = [...found].sort(([a], [b]) => a - b).map(([generation, seed]) => [generation, seed]);
    return { seeds: encode(inOrder), labels: encode(labels) };
  },
  sender: async (v) => {
    const { state, users } = await replayLog(v);
    return { user: (await openMessage(v["secret"]!, parseEvent(v["event"]!), state, users)).user };
  },
};
