import { LocalEngine } from "./engine";
import { browserEnv } from "./env";
import { type Call, type Message, perform } from "./rpc";

const LOCK = "werkfunk-engine";
const CHANNEL = "werkfunk";

/**
 * The worker of a tab. Of all tabs of this device one worker holds the lock and does the work, so that there is one
 * writer and one connection; the others pass calls on to it. When its tab goes, another takes over and is asked again.
 */
export function host(scope: DedicatedWorkerGlobalScope): void {
  const channel = new BroadcastChannel(CHANNEL);
  const waiting = new Map<string, Call>();
  let engine: LocalEngine | null = null;

  const toTab = (message: Message): void => {
    scope.postMessage(message);
  };
  const toOthers = (message: Message): void => {
    channel.postMessage(message);
  };

  async function answer(call: Call, reply: (message: Message) => void): Promise<void> {
    if (engine) reply({ type: "reply", reply: await perform(engine, call) });
  }

  scope.onmessage = (event: MessageEvent<Message>) => {
    if (event.data.type !== "call") return;
    const { call } = event.data;
    waiting.set(call.id, call);
    if (engine) void answer(call, settle);
    else toOthers(event.data);
  };

  function settle(message: Message): void {
    if (message.type === "reply" && waiting.delete(message.reply.id)) toTab(message);
  }

  channel.onmessage = (event: MessageEvent<Message>) => {
    const message = event.data;
    if (message.type === "call") void answer(message.call, toOthers);
    else if (message.type === "reply") settle(message);
    else if (message.type === "change") toTab(message);
    else for (const call of waiting.values()) toOthers({ type: "call", call });
  };

  void navigator.locks.request(LOCK, async () => {
    engine = await LocalEngine.start(browserEnv(scope.location.origin), (change) => {
      toTab({ type: "change", change });
      toOthers({ type: "change", change });
    });
    for (const call of waiting.values()) void answer(call, settle);
    // Who asked before there was somebody to answer, asks again.
    toOthers({ type: "leader" });
    await new Promise(() => undefined);
  });
}
