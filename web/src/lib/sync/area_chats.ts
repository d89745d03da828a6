import type { Point } from "../geo/sphere";
import { unhex } from "../protocol/bytes";
import type { ChatsApi, FilesApi, MessagesApi, Outgoing, Where } from "./api";
import type { Ground } from "./running";
import type { ConversationKind, ConversationView, FoundView, Id, MemberView, PageView } from "./views";

export class Chats implements ChatsApi {
  constructor(private readonly ground: Ground) {}

  list(): Promise<ConversationView[]> {
    return this.ground.running.talk.list();
  }

  get(id: Id): Promise<ConversationView> {
    return this.ground.running.talk.view(id);
  }

  members(id: Id): Promise<MemberView[]> {
    return this.ground.running.talk.members(id);
  }

  create(
    kind: ConversationKind,
    title: string,
    site: string,
    people: Id[],
    id?: Id,
    place: Point | null = null,
  ): Promise<Id> {
    return this.ground.running.talk.create(kind, { title, site, place }, people, id);
  }

  direct(person: Id, id?: Id): Promise<Id> {
    return this.ground.running.talk.direct(person, id);
  }

  rename(id: Id, title: string, site: string, place?: Point | null): Promise<void> {
    return this.ground.running.talk.describe(id, { title, site, ...(place === undefined ? {} : { place }) });
  }

  add(id: Id, people: Id[]): Promise<void> {
    return this.ground.running.talk.add(id, people);
  }

  remove(id: Id, person: Id): Promise<void> {
    return this.ground.running.talk.remove(id, person);
  }

  leave(id: Id): Promise<void> {
    return this.ground.running.talk.leave(id);
  }

  setLead(id: Id, person: Id, lead: boolean): Promise<void> {
    return this.ground.running.talk.setLead(id, person, lead);
  }

  async mute(id: Id, until: number): Promise<void> {
    await this.ground.running.logs.change(id, { muted: until });
    this.ground.emit({ type: "conversations" });
  }

  async read(id: Id, seq: number): Promise<void> {
    if (await this.ground.running.talk.read(id, seq)) this.ground.emit({ type: "conversations" });
  }

  async draft(id: Id, text: string): Promise<void> {
    await this.ground.running.logs.change(id, { draft: text });
    this.ground.emit({ type: "conversations" });
  }
}

export class Messages implements MessagesApi {
  constructor(private readonly ground: Ground) {}

  page(conversation: Id, where: Where, limit: number): Promise<PageView> {
    return this.ground.running.talk.page(conversation, where, limit);
  }

  find(conversation: Id, words: string, below: number | null): Promise<FoundView> {
    return this.ground.running.talk.find(conversation, words, below);
  }

  send(conversation: Id, out: Outgoing): Promise<Id> {
    return this.ground.running.talk.send(conversation, out);
  }

  edit(conversation: Id, message: Id, text: string): Promise<void> {
    return this.ground.running.talk.change(conversation, { type: "edit", target: unhex(message), text });
  }

  erase(conversation: Id, message: Id): Promise<void> {
    return this.ground.running.talk.change(conversation, { type: "delete", target: unhex(message) });
  }

  react(conversation: Id, message: Id, text: string): Promise<void> {
    return this.ground.running.talk.change(conversation, { type: "reaction", target: unhex(message), text });
  }

  retry(message: Id): Promise<void> {
    return this.ground.running.talk.retry(message);
  }

  discard(message: Id): Promise<void> {
    return this.ground.running.talk.discard(message);
  }
}

export class FilesArea implements FilesApi {
  constructor(private readonly ground: Ground) {}

  open(conversation: Id, message: Id, blob: Id): Promise<Blob> {
    return this.ground.running.talk.open(conversation, message, blob);
  }

  pause(blob: Id): Promise<void> {
    return this.ground.running.files.pause(blob);
  }

  async resume(blob: Id): Promise<void> {
    await this.ground.running.files.resume(blob);
    void this.ground.running.outbox.flush();
  }
}
