import type { Change, Where } from "../sync/api";
import type { Id, MessageView } from "../sync/views";
import { engine, listen } from "./app.svelte";
import { type Entry, layout } from "./entries";
import {
  EMPTY,
  ends,
  find,
  FIRST,
  fromPage,
  KEPT,
  PAGE,
  type Span,
  withChange,
  withNewer,
  withOlder,
} from "./timeline";

/** A conversation as it is shown: the window over its log, kept up to date by what the worker says. */
export class Timeline {
  private span = $state.raw<Span>(EMPTY);
  private shown: readonly Entry[] = [];
  /** Where the line "new messages" stands; it stays until the conversation is opened again. */
  private unreadFrom = $state(0);
  ready = $state(false);
  /** The newest message is in sight: the view says so. */
  atEnd = false;
  private loading = false;
  /** What came while a page was being read. */
  private late: Change[] = [];

  readonly entries = $derived.by(() => (this.shown = layout(this.span.messages, this.unreadFrom, this.shown)));

  constructor(readonly conversation: Id) {}

  get messages(): readonly MessageView[] {
    return this.span.messages;
  }

  /** Older and newer messages than those held. */
  get before(): boolean {
    return this.span.before;
  }
  get after(): boolean {
    return this.span.after;
  }

  find(id: Id): MessageView | undefined {
    return find(this.span, id);
  }

  /** Begin at a place. */
  async open(where: Where): Promise<void> {
    await this.load(async () => {
      const page = await engine.messages.page(this.conversation, where, where.at === "end" ? FIRST : FIRST / 2);
      if (!this.ready) this.unreadFrom = page.unreadFrom;
      return fromPage(page);
    });
    this.ready = true;
  }

  /** The page before what is held, where there is one. */
  older(): Promise<void> {
    const { first } = ends(this.span);
    if (!this.span.before || first === 0) return Promise.resolve();
    return this.load(async () => {
      const page = await engine.messages.page(this.conversation, { at: "before", seq: first }, PAGE);
      return withOlder(this.span, page);
    });
  }

  newer(): Promise<void> {
    if (!this.span.after) return Promise.resolve();
    return this.load(async () => {
      const page = await engine.messages.page(this.conversation, { at: "after", seq: ends(this.span).last }, PAGE);
      return withNewer(this.span, page);
    });
  }

  /** One page at a time; what changes meanwhile is done to the page as well. */
  private async load(read: () => Promise<Span>): Promise<void> {
    if (this.loading) return;
    this.loading = true;
    try {
      let span = await read();
      for (const change of this.late) span = withChange(span, change, false);
      this.span = span;
    } finally {
      this.late = [];
      this.loading = false;
    }
  }

  /** Follow until the returned function is called; made for `$effect`. */
  follow(): () => void {
    return listen((change) => {
      if (!("conversation" in change) || change.conversation !== this.conversation) return;
      if (this.loading) this.late.push(change);
      this.span = withChange(this.span, change, this.atEnd && this.span.messages.length > KEPT);
    });
  }
}
