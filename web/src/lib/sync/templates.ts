import { type Hex, unhex } from "../protocol/bytes";
import type { ContentOf } from "../protocol/content";
import type { TemplateRow } from "../storage/rows";
import type { TemplateForm, TemplateView } from "./alarm_settings_views";
import type { AlarmLevel } from "./alarm_views";
import type { Core } from "./core";
import { templateRow } from "./lines";
import type { Outbox } from "./outbox";

type Template = ContentOf<"alarm_template">;
/** What takes one back. */
const NOTHING: TemplateForm = { title: "", text: "", level: 1, answers: [], policy: null };

/** Prepared alarms: sealed in conversations for their members, of each the newest of a lead, then what waits to be sent. */
export class Templates {
  constructor(
    private readonly core: Core,
    private readonly outbox: Outbox,
  ) {}

  /** As it stands in each conversation that this person is in; what was taken back is left out. */
  private async rows(): Promise<TemplateRow[]> {
    const { store, logs } = this.core.parts;
    const here = (conversation: Hex): boolean => logs.rows.get(conversation)?.member ?? false;
    const rows = new Map<string, TemplateRow>();
    const put = (row: TemplateRow): unknown => rows.set(`${row.conversation} ${row.template}`, row);
    for (const row of await store.all("template")) if (here(row.conversation)) put(row);
    for (const waiting of this.outbox.rows) {
      const content = this.outbox.contentOf(waiting);
      if (content.type !== "alarm_template" || !logs.rows.get(waiting.conversation)?.lead) continue;
      put(templateRow(waiting.conversation, Infinity, waiting.time, content));
    }
    return [...rows.values()].filter((row) => row.title !== "").sort((a, b) => a.time - b.time);
  }

  /** Each once: where several conversations have it, the newest counts. */
  async list(): Promise<TemplateView[]> {
    const views = new Map<Hex, TemplateView>();
    for (const row of await this.rows()) {
      const conversations = [...(views.get(row.template)?.conversations ?? []), row.conversation];
      views.set(row.template, { id: row.template, form: formOf(row), conversations });
    }
    return [...views.values()].sort((a, b) => a.form.title.localeCompare(b.form.title));
  }

  /** What an alarm that names a template is about: as one of its own conversations says, else any. */
  async find(template: Hex, conversations: readonly Hex[]): Promise<TemplateForm | null> {
    const rows = (await this.rows()).filter((row) => row.template === template);
    const row = rows.findLast((one) => conversations.includes(one.conversation)) ?? rows.at(-1);
    return row ? formOf(row) : null;
  }

  async set(id: Hex | null, form: TemplateForm, conversations: readonly Hex[]): Promise<void> {
    const template = id === null ? this.core.parts.env.random(16) : unhex(id);
    for (const conversation of conversations) await this.queue(conversation, contentOf(template, form));
    if (id !== null) await this.takeBack(id, conversations);
    void this.outbox.flush();
  }

  async drop(id: Hex): Promise<void> {
    await this.takeBack(id, []);
    void this.outbox.flush();
  }

  /** Wherever this person may, but in `kept`. */
  private async takeBack(id: Hex, kept: readonly Hex[]): Promise<void> {
    for (const { template, conversation } of await this.rows()) {
      if (template !== id || kept.includes(conversation) || !this.core.parts.logs.rows.get(conversation)?.lead)
        continue;
      await this.queue(conversation, contentOf(unhex(id), NOTHING));
    }
  }

  /** A conversation's prepared alarms once more, for who has joined and cannot read what was before. */
  async again(conversation: Hex): Promise<void> {
    if (!this.core.parts.logs.rows.get(conversation)?.lead) return;
    for (const row of await this.rows()) {
      if (row.conversation === conversation)
        await this.queue(conversation, contentOf(unhex(row.template), formOf(row)));
    }
  }

  private async queue(conversation: Hex, content: Template): Promise<void> {
    await this.outbox.queue(conversation, content);
  }
}

function formOf({ title, text, level, answers, policy }: TemplateRow): TemplateForm {
  return { title, text, level: level as AlarmLevel, answers, policy: policy || null };
}

function contentOf(template: Uint8Array, form: TemplateForm): Template {
  return {
    type: "alarm_template",
    template,
    title: form.title.trim(),
    text: form.text.trim(),
    level: form.level,
    answers: form.answers.length > 0 ? form.answers : undefined,
    policy: form.policy ? unhex(form.policy) : undefined,
  };
}
