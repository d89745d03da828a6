import { deleteDB, type IDBPDatabase, openDB } from "idb";
import type { EventRow, Hex, Table, Tables } from "./rows";
import { makeRowKey, openRow, type SealedRow, sealRow } from "./seal";

/**
 * The encrypted local store: IndexedDB, each row sealed with a key that scripts cannot read out. One worker writes;
 * others (the service worker) only read.
 */

export const DATABASE = "werkfunk";
/** Raised when a table is added. */
const VERSION = 3;
const TABLES: Table[] = [
  "kv",
  "chain",
  "person",
  "conversation",
  "event",
  "parts",
  "seed",
  "outbox",
  "file",
  "piece",
  "slot",
  "defect",
  "template",
];

/** What of an event may stand in the open, so that it can be found: see rows.ts. */
interface EventPlain {
  x: SealedRow;
  /** [conversation, state], [conversation, message id], [conversation, target], [conversation, seq] where shown. */
  st: [Hex, number];
  id?: [Hex, Hex];
  to?: [Hex, Hex];
  sh?: [Hex, number];
}
interface Plain {
  x: SealedRow;
}

type Key<T extends Table> = Tables[T]["key"];
type Row<T extends Table> = Tables[T]["row"];
type Change =
  { table: Table; key: IDBValidKey; row: unknown } | { table: Table; key: IDBValidKey | IDBKeyRange; row?: never };

/** Several writes that happen together or not at all. */
export class Batch {
  readonly changes: Change[] = [];

  put<T extends Table>(table: T, key: Key<T>, row: Row<T>): this {
    this.changes.push({ table, key, row });
    return this;
  }

  remove<T extends Table>(table: T, key: Key<T>): this {
    this.changes.push({ table, key });
    return this;
  }

  /** All rows whose two-part key begins with `first`. */
  removeAll(table: "piece" | "event" | "parts" | "slot", first: Hex): this {
    this.changes.push({ table, key: under(first) });
    return this;
  }
}

export class Store {
  private constructor(
    private readonly db: IDBPDatabase,
    private readonly key: CryptoKey,
  ) {}

  /** Open, making it the first time. */
  static async open(name = DATABASE): Promise<Store> {
    const db = await openDB(name, VERSION, {
      upgrade(database) {
        const there = database.objectStoreNames;
        if (!there.contains("keys")) database.createObjectStore("keys");
        for (const table of TABLES) {
          if (there.contains(table)) continue;
          const store = database.createObjectStore(table);
          if (table !== "event") continue;
          for (const index of ["st", "id", "to", "sh"]) store.createIndex(index, index);
        }
      },
      blocking(_current, _blocked, event) {
        // Another tab wipes or upgrades: let it.
        (event.target as IDBDatabase).close();
      },
    });
    let key = (await db.get("keys", "rows")) as CryptoKey | undefined;
    if (!key) {
      const made = await makeRowKey();
      // Two contexts may be here at once; the first one's key counts.
      const transaction = db.transaction("keys", "readwrite");
      key = (await transaction.store.get("rows")) as CryptoKey | undefined;
      if (!key) {
        key = made;
        await transaction.store.put(made, "rows");
      }
      await transaction.done;
    }
    return new Store(db, key);
  }

  /** Remove everything that this app has stored here. */
  static async destroy(name = DATABASE): Promise<void> {
    await deleteDB(name);
  }

  close(): void {
    this.db.close();
  }

  /** A key that scripts cannot read out, by name. */
  async cryptoKey(name: string): Promise<CryptoKey | undefined> {
    return (await this.db.get("keys", name)) as CryptoKey | undefined;
  }

  async keepCryptoKey(name: string, key: CryptoKey): Promise<void> {
    await this.db.put("keys", key, name);
  }

  async get<T extends Table>(table: T, key: Key<T>): Promise<Row<T> | undefined> {
    const found = (await this.db.get(table, key as IDBValidKey)) as Plain | undefined;
    return found ? this.open(table, key as IDBValidKey, found) : undefined;
  }

  /** All rows, or those of a key range, in key order. */
  async all<T extends Table>(table: T, range?: IDBKeyRange, count?: number): Promise<Row<T>[]> {
    const transaction = this.db.transaction(table);
    const [keys, values] = await Promise.all([
      transaction.store.getAllKeys(range, count),
      transaction.store.getAll(range, count) as Promise<Plain[]>,
    ]);
    return Promise.all(values.map((value, index) => this.open(table, keys[index]!, value)));
  }

  /** Rows whose two-part key begins with `first`. */
  under<T extends Table>(table: T, first: Hex): Promise<Row<T>[]> {
    return this.all(table, under(first));
  }

  async keys(table: Table, range?: IDBKeyRange): Promise<IDBValidKey[]> {
    return this.db.getAllKeys(table, range);
  }

  /** All events with `from` <= seq < `below`, in order. */
  between(conversation: Hex, from: number, below: number): Promise<EventRow[]> {
    return this.all("event", IDBKeyRange.bound([conversation, from], [conversation, below], false, true));
  }

  /** Events by index: `st` state, `id` message id, `to` target. In order of their place in the log. */
  async events(index: "st" | "id" | "to", conversation: Hex, value: Hex | number): Promise<EventRow[]> {
    const transaction = this.db.transaction("event");
    const range = IDBKeyRange.only([conversation, value]);
    const [keys, values] = await Promise.all([
      transaction.store.index(index).getAllKeys(range),
      transaction.store.index(index).getAll(range) as Promise<Plain[]>,
    ]);
    return Promise.all(values.map((row, i) => this.open("event", keys[i]!, row)));
  }

  async countEvents(conversation: Hex, state: number): Promise<number> {
    return this.db.countFromIndex("event", "st", IDBKeyRange.only([conversation, state]));
  }

  /** Shown events with seq above `after` (ascending) or below `before` (descending), at most `limit`. */
  async shown(conversation: Hex, span: { after: number } | { before: number }, limit: number): Promise<EventRow[]> {
    const down = "before" in span;
    const range = down
      ? IDBKeyRange.bound([conversation, 0], [conversation, span.before], false, true)
      : IDBKeyRange.bound([conversation, span.after], [conversation, Infinity], true);
    const transaction = this.db.transaction("event");
    const keys: IDBValidKey[] = [];
    const values: Plain[] = [];
    let cursor = await transaction.store.index("sh").openCursor(range, down ? "prev" : "next");
    while (cursor && values.length < limit) {
      keys.push(cursor.primaryKey);
      values.push(cursor.value as Plain);
      cursor = await cursor.continue();
    }
    return Promise.all(values.map((row, i) => this.open("event", keys[i]!, row)));
  }

  async countShown(conversation: Hex, after: number): Promise<number> {
    const range = IDBKeyRange.bound([conversation, after], [conversation, Infinity], true);
    return this.db.countFromIndex("event", "sh", range);
  }

  /** Write a batch: all of it is on the disk when this resolves. Throws QuotaExceededError when the device is full. */
  async write(batch: Batch): Promise<void> {
    if (batch.changes.length === 0) return;
    const sealed = await Promise.all(
      batch.changes.map((change) =>
        "row" in change ? this.seal(change.table, change.key as IDBValidKey, change.row) : null,
      ),
    );
    const tables = [...new Set(batch.changes.map((change) => change.table))];
    const transaction = this.db.transaction(tables, "readwrite");
    try {
      batch.changes.forEach((change, index) => {
        const store = transaction.objectStore(change.table);
        const value = sealed[index];
        // A request's failure ends the transaction, and `done` tells of it.
        (value ? store.put(value, change.key as IDBValidKey) : store.delete(change.key)).catch(() => undefined);
      });
    } catch (error) {
      // A key that IndexedDB does not take is refused at once, and would leave the rest standing.
      transaction.done.catch(() => undefined);
      transaction.abort();
      throw error;
    }
    await transaction.done;
  }

  async put<T extends Table>(table: T, key: Key<T>, row: Row<T>): Promise<void> {
    await this.write(new Batch().put(table, key, row));
  }

  private async open<T extends Table>(table: T, key: IDBValidKey, value: Plain): Promise<Row<T>> {
    return (await openRow(this.key, place(table, key), value.x)) as Row<T>;
  }

  private async seal(table: Table, key: IDBValidKey, row: unknown): Promise<Plain | EventPlain> {
    const x = await sealRow(this.key, place(table, key), row);
    if (table !== "event") return { x };
    const event = row as EventRow;
    const plain: EventPlain = { x, st: [event.conversation, event.state] };
    if (event.messageId) plain.id = [event.conversation, event.messageId];
    if (event.target) plain.to = [event.conversation, event.target];
    if (event.shown) plain.sh = [event.conversation, event.seq];
    return plain;
  }
}

function place(table: Table, key: IDBValidKey): string {
  return `${table}/${Array.isArray(key) ? key.join("/") : String(key)}`;
}

function under(first: Hex): IDBKeyRange {
  return IDBKeyRange.bound([first], [first, []]);
}
