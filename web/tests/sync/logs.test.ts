import "fake-indexeddb/auto";
import { afterEach, expect, test } from "vitest";
import { Logs } from "../../src/lib/sync/logs";
import { Store } from "../../src/lib/storage/store";

const NAME = "test-logs";
const ID = "0f".repeat(16);
let store: Store | undefined;

afterEach(async () => {
  store?.close();
  await Store.destroy(NAME);
});

/** Let `turns` of what is under way happen. */
async function turns(count: number): Promise<void> {
  for (let done = 0; done < count; done++) await Promise.resolve();
}

test.each([0, 1, 2, 4, 8, 16, 32])(
  "a draft that is typed while events are taken (%i turns in) is what lies on the disk, whoever writes last",
  async (count) => {
    store = await Store.open(NAME);
    const logs = new Logs(store, undefined as never, undefined as never, () => undefined);
    await logs.ingest(ID, []);
    const taking = logs.ingest(ID, []);
    await turns(count);
    await Promise.all([logs.change(ID, { draft: `Moin ${count}` }), logs.change(ID, { muted: 7 }), taking]);
    expect(logs.rows.get(ID)).toMatchObject({ draft: `Moin ${count}`, muted: 7 });
    expect(await store.get("conversation", ID)).toEqual(logs.rows.get(ID));
  },
);
