import type { Change, Engine, Outgoing } from "./api";
import { Problem } from "./api";
import { asProblem } from "./problems";

/** Calls and changes between a tab, its worker, and the one worker of the device that does the work. */
export interface Call {
  id: string;
  area: keyof Engine;
  method: string;
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
  | { type: "leader" }
  | { type: "shown"; tab: string; shown: boolean };

/** What may be asked from outside; the compiler keeps it whole. */
const AREAS: Readonly<Record<keyof Engine, true>> = {
  session: true,
  people: true,
  devices: true,
  chats: true,
  messages: true,
  files: true,
  defects: true,
  voice: true,
  push: true,
  alarms: true,
  alarmSettings: true,
  places: true,
};

type Method = (...args: unknown[]) => Promise<unknown>;

/** The method that a caller names; a name that no area has is refused. */
function lookUp(engine: Engine, call: Call): Method {
  if (!Object.hasOwn(AREAS, call.area)) throw new Problem("malformed", "unknown area");
  const area = engine[call.area] as unknown as Record<string, unknown>;
  const method = call.method in Object.prototype ? undefined : area[call.method];
  if (typeof method !== "function") throw new Problem("malformed", "unknown method");
  return method.bind(area) as Method;
}

/** Carry out a call. Never throws: what went wrong is in the reply. */
export async function perform(engine: Engine, call: Call): Promise<Reply> {
  try {
    return { id: call.id, value: await lookUp(engine, call)(...call.args) };
  } catch (error) {
    const { code, detail } = asProblem(error);
    return { id: call.id, problem: { code, detail } };
  }
}

/** What makes something new gets its id here: a worker that goes before it answers, and the next one, are asked for the same. */
function named(call: Call): Call {
  const id = call.id.replaceAll("-", "");
  const [first, out] = call.args;
  switch (`${call.area}.${call.method}`) {
    case "messages.send":
      return { ...call, args: [first, { id, ...(out as Outgoing) }] };
    case "chats.create":
      return { ...call, args: [...call.args.slice(0, 4), call.args[4] ?? id, ...call.args.slice(5)] };
    case "chats.direct":
      return { ...call, args: [first, id] };
    default:
      return call;
  }
}

/** An `Engine` whose calls go through `post`; `settle` takes the replies. */
export function remote(post: (call: Call) => void): {
  engine: Engine;
  settle: (reply: Reply) => void;
} {
  const open = new Map<string, { resolve: (value: unknown) => void; reject: (error: Problem) => void }>();
  const ask = (area: keyof Engine, method: string, args: unknown[]): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const id = crypto.randomUUID();
      const call = named({ id, area, method, args });
      open.set(call.id, { resolve, reject });
      post(call);
    });
  const area = (name: keyof Engine): unknown =>
    new Proxy(
      {},
      {
        get:
          (_, method) =>
          (...args: unknown[]) =>
            ask(name, String(method), args),
      },
    );
  const engine = new Proxy({} as Engine, { get: (_, name) => area(name as keyof Engine) });
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
