import type { Change, Engine } from "./api";
import { Problem } from "./api";

/** Calls and changes between a tab, its worker, and the one worker of the device that does the work. */
export interface Call {
  id: string;
  method: keyof Engine;
  args: unknown[];
}
export interface Reply {
  id: string;
  value?: unknown;
  problem?: { code: string; detail: string };
}
export type Message =
  | { type: "call"; call: Call }
  | { type: "reply"; reply: Reply }
  | { type: "change"; change: Change }
  | { type: "leader" };

/** Everything that may be asked from outside; the compiler keeps it whole. */
const METHODS: Readonly<Record<keyof Engine, true>> = {
  session: true,
  peek: true,
  join: true,
  recover: true,
  recoveryCode: true,
  recoveryKept: true,
  renewRecovery: true,
  wipe: true,
  settings: true,
  profile: true,
  people: true,
  verification: true,
  verify: true,
  verifyScanned: true,
  invite: true,
  removePerson: true,
  setRole: true,
  devices: true,
  deviceLink: true,
  revoke: true,
  conversations: true,
  conversation: true,
  members: true,
  create: true,
  direct: true,
  rename: true,
  add: true,
  remove: true,
  leave: true,
  setLead: true,
  mute: true,
  read: true,
  draft: true,
  page: true,
  send: true,
  edit: true,
  erase: true,
  react: true,
  retry: true,
  discard: true,
  open: true,
  pause: true,
  resume: true,
  wake: true,
};

/** Carry out a call. Never throws: what went wrong is in the reply. */
export async function perform(engine: Engine, call: Call): Promise<Reply> {
  try {
    if (!Object.hasOwn(METHODS, call.method)) throw new Problem("malformed", "unknown method");
    const method = engine[call.method] as (...args: unknown[]) => Promise<unknown>;
    return { id: call.id, value: await method.apply(engine, call.args) };
  } catch (error) {
    if (error instanceof Problem) return { id: call.id, problem: { code: error.code, detail: error.message } };
    const quota = error instanceof DOMException && error.name === "QuotaExceededError";
    return { id: call.id, problem: { code: quota ? "quota" : "internal", detail: String(error) } };
  }
}

/** An `Engine` whose calls go through `post`; `settle` takes the replies. */
export function remote(post: (call: Call) => void): {
  engine: Engine;
  settle: (reply: Reply) => void;
} {
  const open = new Map<string, { resolve: (value: unknown) => void; reject: (error: Problem) => void }>();
  const engine = Object.fromEntries(
    Object.keys(METHODS).map((method) => [
      method,
      (...args: unknown[]) =>
        new Promise((resolve, reject) => {
          const call: Call = { id: crypto.randomUUID(), method: method as keyof Engine, args };
          open.set(call.id, { resolve, reject });
          post(call);
        }),
    ]),
  ) as unknown as Engine;
  return {
    engine,
    settle(reply) {
      const one = open.get(reply.id);
      open.delete(reply.id);
      if (reply.problem) one?.reject(new Problem(reply.problem.code, reply.problem.detail));
      else one?.resolve(reply.value);
    },
  };
}
