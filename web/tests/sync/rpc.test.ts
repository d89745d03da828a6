import { expect, test } from "vitest";
import { type Call, remote } from "../../src/lib/sync/rpc";

test("what makes something new carries its id from the tab, so that two workers asked for it make one", () => {
  const calls: Call[] = [];
  const { engine } = remote((call) => calls.push(call));
  void engine.chats.create("group", "Lager", "", ["bb"]);
  void engine.chats.direct("bb");
  void engine.messages.send("cc", { text: "Moin", replyTo: null, files: [] });
  void engine.chats.leave("cc");
  void engine.chats.create("site", "Hof", "", [], undefined, { latitude: 51.3, longitude: 9.4 });
  const [create, direct, send, leave, site] = calls;
  expect(create!.args).toEqual(["group", "Lager", "", ["bb"], create!.id.replaceAll("-", "")]);
  expect(direct!.args).toEqual(["bb", direct!.id.replaceAll("-", "")]);
  expect(send!.args[1]).toMatchObject({ id: send!.id.replaceAll("-", "") });
  expect(leave!.args).toEqual(["cc"]);
  expect(site!.args.slice(4)).toEqual([site!.id.replaceAll("-", ""), { latitude: 51.3, longitude: 9.4 }]);
  expect(new Set(calls.map((call) => call.id)).size).toBe(5);
});
