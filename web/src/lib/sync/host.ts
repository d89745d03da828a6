import { LocalEngine } from "./engine";
import { browserEnv } from "./env";
import { CHANNEL, LOCK } from "./names";
import { type Call, type Message, perform, type Reply } from "./rpc";

type Shown = Message & { type: "shown" };
const REMEMBERED = 50;

/**
 * The worker of a tab. Of all tabs of this device one worker holds the lock and does the work, so that there is one
 * writer and one connection; the others pass calls on to it. When its tab goes, another takes over and is asked again.
 */
export function host(scope: DedicatedWorkerGlobalScope): void {
  const channel = new BroadcastChannel(CHANNEL);
  const waiting = new Map<string, Call>();
  const tab = crypto.randomUUID();
  let here: Shown = { type: "shown", tab, shown: true };
  const shown = new Set<string>();
  const done = new Map<string, Promise<Reply>>();
  let engine: LocalEngine | null = null;

  const toTab = (message: Message): void => {
    scope.postMessage(message);
  };
  const toOthers = (message: Message): void => {
    channel.postMessage(message);
  };

  async function answer(call: Call, reply: (message: Message) => void): Promise<void> {
    if (!engine) return;
    // Who did not hear of this worker in time asks again: the same call is done once.
    const doing = done.get(call.id) ?? perform(engine, call);
    done.set(call.id, doing);
    if (done.size > REMEMBERED) done.delete(done.keys().next().value!);
    reply({ type: "reply", reply: await doing });
  }

  /** A tab came to the front or went; the app is in front while any tab is. */
  function show(message: Shown): void {
    if (message.shown) shown.add(message.tab);
    else shown.delete(message.tab);
    engine?.show(shown.size > 0);
  }

  scope.onmessage = (event: MessageEvent<Message>) => {
    if (event.data.type === "shown") {
      here = { ...event.data, tab };
      if (engine) show(here);
      else toOthers(here);
      return;
    }
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
    else if (message.type === "shown") show(message);
    else {
      for (const call of waiting.values()) toOthers({ type: "call", call });
      toOthers(here);
    }
  };

  void navigator.locks.request(LOCK, async () => {
    engine = await LocalEngine.start(browserEnv(scope.location.origin), (change) => {
      toTab({ type: "change", change });
      toOthers({ type: "change", change });
    });
    show(here);
    for (const call of waiting.values()) void answer(call, settle);
    // Who asked before there was somebody to answer, asks again.
    toOthers({ type: "leader" });
    await new Promise(() => undefined);
  });
}
