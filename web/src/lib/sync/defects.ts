import { type Hex, unhex } from "../protocol/bytes";
import { type ContentOf, DefectState } from "../protocol/content";
import type { DefectRow } from "../storage/rows";
import { type DefectInput, Problem } from "./api";
import type { Core } from "./core";
import { contentOf, defectRow, STATES } from "./lines";
import type { Outbox } from "./outbox";
import { fileViews, type Sight } from "./render";
import type { DefectView, FileView } from "./views";

type Defect = ContentOf<"defect">;

/** A conversation's list of defects: of each the newest in the log, then what waits to be sent. */
export class Defects {
  constructor(
    private readonly core: Core,
    private readonly outbox: Outbox,
    private readonly sight: Sight,
  ) {}

  /** By number; withdrawn ones are left out. */
  async list(conversation: Hex): Promise<DefectView[]> {
    const rows = new Map<Hex, DefectRow & { waiting: boolean }>();
    for (const row of await this.core.parts.store.under("defect", conversation)) {
      rows.set(row.defect, { ...row, waiting: false });
    }
    for (const row of this.outbox.rows.filter((one) => one.conversation === conversation)) {
      const content = this.outbox.contentOf(row);
      if (content.type !== "defect") continue;
      const made = defectRow(conversation, Infinity, row.time, this.sight.me, content);
      rows.set(made.defect, { ...made, waiting: true });
    }
    const open = [...rows.values()].filter((row) => row.state !== DefectState.WITHDRAWN);
    const views = await Promise.all(open.map((row) => this.view(row)));
    return views.sort((a, b) => a.number - b.number || a.time - b.time);
  }

  private async view(row: DefectRow & { waiting: boolean }): Promise<DefectView> {
    const { defect: id, photo, index, number, note, place, who, due, time, waiting } = row;
    const state = STATES[row.state] ?? "open";
    const file = await this.photo(row);
    return { id, photo, index, number, note, place, who, due, state, by: this.sight.name(row.by), time, waiting, file };
  }

  /** The photo that a defect is marked on; null while it is not here, and when it was deleted. */
  private async photo(row: DefectRow): Promise<FileView | null> {
    const event = (await this.core.parts.store.events("id", row.conversation, row.photo))[0];
    if (!event?.content || event.deleted) return null;
    const content = contentOf(event.content);
    return content.type === "photo" ? (fileViews(content, this.sight)[row.index] ?? null) : null;
  }

  async add(conversation: Hex, photo: Hex, index: number, input: DefectInput): Promise<void> {
    const defect = this.core.parts.env.random(16);
    await this.queue(conversation, { type: "defect", defect, photo: unhex(photo), index, ...written(input) });
  }

  /** Throws Problem `not_found`. */
  async change(conversation: Hex, id: Hex, input: DefectInput): Promise<void> {
    const known = (await this.list(conversation)).find((one) => one.id === id);
    if (!known) throw new Problem("not_found", "defect");
    const { photo, index } = known;
    await this.queue(conversation, {
      type: "defect",
      defect: unhex(id),
      photo: unhex(photo),
      index,
      ...written(input),
    });
  }

  private async queue(conversation: Hex, content: Defect): Promise<void> {
    await this.outbox.queue(conversation, content);
    void this.outbox.flush();
  }
}

function written(input: DefectInput): Omit<Defect, "type" | "defect" | "photo" | "index"> {
  const { number, note, place, who, due, state } = input;
  const found = STATES.indexOf(state) as DefectState;
  return { number, note: note.trim(), place: place.trim(), who: who.trim(), state: found, due: due ?? undefined };
}
