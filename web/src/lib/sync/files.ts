import { sha256 } from "@noble/hashes/sha2.js";
import { decrypt, encrypt, storedSize } from "../protocol/attachments";
import { hex, type Hex, unhex } from "../protocol/bytes";
import type { Attachment } from "../protocol/content";
import { ProtocolError } from "../protocol/errors";
import { cleaned, isPicture, makePhoto, THUMBNAIL_MAX } from "../photo/make";
import { PictureRefused } from "../photo/refused";
import type { FileRow } from "../storage/rows";
import { Batch } from "../storage/store";
import { type OutgoingFile, Problem } from "./api";
import type { Parts } from "./core";
import { isNetwork, received } from "./transport";
import type { TransferView } from "./views";

/** Size of a stored and sent piece of ciphertext. */
const PIECE = 1_048_576;
/** Originals kept on the device; beyond it the longest unused go. */
const KEPT_MAX = 400 * PIECE;
/** Of what was drawn on a photo (docs/protocol.md, 8.1). */
const LAYERS_TYPE = "application/vnd.werkfunk.layers";
const ENDINGS: Record<string, RegExp> = { "image/jpeg": /\.jpe?g$/i, "image/png": /\.png$/i, "image/webp": /\.webp$/i };
const TUS = { "tus-resumable": "1.0.0" };

type Shown = Pick<FileRow, "thumbnail" | "width" | "height">;

/** A file as it is sent, and what goes along with it. */
export interface Prepared {
  shown: FileRow;
  original: FileRow | null;
  layers: FileRow | null;
}

/**
 * Files on this device: sealed here, uploaded resumably (tus 1.0), fetched, checked and opened here. Only ciphertext
 * is stored; the keys lie in sealed rows.
 */
export class Files {
  private readonly rows = new Map<Hex, FileRow>();
  private readonly byBlob = new Map<Hex, Hex>();
  private readonly running = new Map<Hex, AbortController>();
  private readonly coming = new Map<Hex, Promise<void>>();

  constructor(
    private readonly parts: Parts,
    private readonly changed: (row: FileRow, done: boolean) => void,
  ) {}

  async load(): Promise<void> {
    for (const row of await this.parts.store.all("file")) this.remember(row);
  }

  private remember(row: FileRow): void {
    this.rows.set(row.id, row);
    if (row.blob) this.byBlob.set(row.blob, row.id);
  }

  get(id: Hex): FileRow | undefined {
    return this.rows.get(this.byBlob.get(id) ?? id);
  }

  /** How a file is under way, null when it is not. */
  transfer(id: Hex): TransferView | null {
    const row = this.get(id);
    if (!row || row.done >= row.storedSize) return null;
    const state = row.failure ? "failed" : row.paused ? "paused" : this.running.has(row.id) ? "running" : "waiting";
    return { direction: row.direction, state, done: row.done, total: row.storedSize, failure: row.failure };
  }

  /** The original lies here whole. */
  here(id: Hex): boolean {
    const row = this.get(id);
    return row !== undefined && (row.direction === "up" || row.done >= row.storedSize);
  }

  private async put(row: FileRow): Promise<FileRow> {
    await this.parts.store.put("file", row.id, row);
    this.remember(row);
    this.changed(row, row.done >= row.storedSize);
    return row;
  }

  // -- up

  /**
   * Clean a file and seal it into the store, ready to go; `thumbnail`: bytes that it may have. Throws Problem
   * `file_unreadable`, `picture_unreadable`, `picture_too_large`, `picture_heic`, `quota`.
   */
  async prepare(conversation: Hex, out: OutgoingFile, thumbnail = THUMBNAIL_MAX): Promise<Prepared> {
    const { env } = this.parts;
    const name = out.name || (out.photo ? "Foto" : "Datei");
    try {
      if (!out.photo) {
        const clean = await cleaned(out.file, thumbnail);
        const file = clean?.file ?? out.file;
        const type = file.type || "application/octet-stream";
        return {
          shown: await this.seal(conversation, file, type, named(name, clean ? type : ""), clean),
          original: null,
          layers: null,
        };
      }
      const wish = {
        edit: out.edit ?? null,
        original: out.original,
        thumbnail,
        random: (size: number) => env.random(size),
      };
      const photo = await makePhoto(out.file, wish);
      const { original, layers } = photo;
      return {
        shown: await this.seal(conversation, photo.file, "image/jpeg", named(name, "image/jpeg"), photo),
        original:
          original &&
          (await this.seal(conversation, original.file, original.file.type, named(name, original.file.type), original)),
        layers: layers && (await this.seal(conversation, new Blob([layers]), LAYERS_TYPE, `${name}.layers`, null)),
      };
    } catch (error) {
      throw error instanceof PictureRefused ? new Problem(error.code, error.message) : error;
    }
  }

  private async seal(conversation: Hex, file: Blob, type: string, name: string, shown: Shown | null): Promise<FileRow> {
    const { env, store } = this.parts;
    const [id, key] = [hex(env.random(16)), env.random(32)];
    const digest = sha256.create();
    let [piece, number] = [new Uint8Array(PIECE), 0];
    let filled = 0;
    const flush = async (): Promise<void> => {
      await store.put("piece", [id, number++], piece.slice(0, filled));
      filled = 0;
    };
    try {
      for await (const chunk of encrypt(key, file.size, read(file))) {
        digest.update(chunk);
        for (let from = 0; from < chunk.length;) {
          const part = chunk.subarray(from, from + PIECE - filled);
          piece.set(part, filled);
          filled += part.length;
          from += part.length;
          if (filled === PIECE) await flush();
        }
      }
      if (filled > 0) await flush();
    } catch (error) {
      await store.write(new Batch().removeAll("piece", id));
      if (error instanceof DOMException && error.name === "QuotaExceededError") throw new Problem("quota");
      if (error instanceof DOMException || error instanceof ProtocolError) throw new Problem("file_unreadable");
      throw error;
    }
    piece = new Uint8Array();
    return this.put({
      id,
      direction: "up",
      conversation,
      message: "",
      key,
      hash: digest.digest(),
      name: [...name].slice(-255).join(""),
      mediaType: type.slice(0, 127),
      size: file.size,
      storedSize: storedSize(file.size),
      thumbnail: shown?.thumbnail ?? null,
      width: shown?.width ?? 0,
      height: shown?.height ?? 0,
      blob: "",
      done: 0,
      paused: false,
      failure: "",
      used: env.now(),
    });
  }

  attachment(row: FileRow): Attachment {
    return {
      blobId: unhex(row.blob),
      key: row.key,
      hash: row.hash,
      name: row.name,
      mediaType: row.mediaType,
      size: row.size,
      storedSize: row.storedSize,
      thumbnail: row.thumbnail ?? undefined,
      width: row.width || undefined,
      height: row.height || undefined,
    };
  }

  /** Send what is missing; returns when it is up, paused, or the network went. Throws Problem on a refusal. */
  upload(id: Hex): Promise<void> {
    return this.exclusively(id, async (signal) => {
      let row = this.rows.get(id)!;
      if (!row.blob) row = await this.create(row, signal);
      while (row.done < row.storedSize) {
        try {
          row = await this.sendPiece(row, signal);
        } catch (error) {
          if (!(error instanceof Problem) || error.code !== "offset_mismatch") throw error;
          row = await this.put({ ...row, done: await this.offset(row, signal) });
        }
      }
    });
  }

  private async create(row: FileRow, signal: AbortSignal): Promise<FileRow> {
    const metadata = `conversation ${btoa(String.fromCharCode(...unhex(row.conversation)))}`;
    const answer = await this.parts.transport.request("POST", "/v1/blobs", {
      headers: { ...TUS, "upload-length": String(row.storedSize), "upload-metadata": metadata },
      signal,
    });
    const blob = (answer.headers.get("location") ?? "").split("/").at(-1) ?? "";
    return this.put({ ...row, blob });
  }

  private async sendPiece(row: FileRow, signal: AbortSignal): Promise<FileRow> {
    const piece = await this.parts.store.get("piece", [row.id, Math.floor(row.done / PIECE)]);
    if (!piece) throw new Problem("file_unreadable", "a piece is gone");
    // After a break the server may hold a part of a piece.
    const body = new Blob([piece.slice(row.done % PIECE) as Uint8Array<ArrayBuffer>]);
    const answer = await this.parts.transport.request("PATCH", `/v1/blobs/${row.blob}`, {
      headers: { ...TUS, "content-type": "application/offset+octet-stream", "upload-offset": String(row.done) },
      body,
      signal,
    });
    return this.put({ ...row, done: Number(answer.headers.get("upload-offset")), used: this.parts.env.now() });
  }

  private async offset(row: FileRow, signal: AbortSignal): Promise<number> {
    const answer = await this.parts.transport.request("HEAD", `/v1/blobs/${row.blob}`, { headers: TUS, signal });
    return Number(answer.headers.get("upload-offset"));
  }

  // -- down

  /** The original, fetched as far as it is missing. Throws Problem `attachment_invalid`, or the network's. */
  async open(conversation: Hex, message: Hex, attachment: Attachment): Promise<Blob> {
    const blob = hex(attachment.blobId);
    if (attachment.storedSize !== storedSize(attachment.size)) throw new Problem("attachment_invalid");
    let row = this.get(blob);
    row ??= await this.put({
      id: blob,
      direction: "down",
      conversation,
      message,
      key: attachment.key,
      hash: attachment.hash,
      name: attachment.name,
      mediaType: attachment.mediaType,
      size: attachment.size,
      storedSize: attachment.storedSize,
      thumbnail: null,
      width: 0,
      height: 0,
      blob,
      done: 0,
      paused: false,
      failure: "",
      used: this.parts.env.now(),
    });
    if (!this.here(row.id)) await this.fetched(row.id);
    return this.decrypted(this.rows.get(row.id)!);
  }

  /** Who asks for what is on its way waits for it: a photo is edited or saved while the viewer fetches it. */
  private fetched(id: Hex): Promise<void> {
    const under =
      this.coming.get(id) ??
      this.download(id).finally(() => {
        this.coming.delete(id);
      });
    this.coming.set(id, under);
    return under;
  }

  private download(id: Hex): Promise<void> {
    return this.exclusively(id, async (signal) => {
      let row = this.rows.get(id)!;
      while (row.done < row.storedSize) {
        const end = Math.min(row.done + PIECE, row.storedSize) - 1;
        const answer = await this.parts.transport.request("GET", `/v1/blobs/${row.blob}`, {
          headers: { range: `bytes=${row.done}-${end}` },
          signal,
        });
        const piece = new Uint8Array(await received(answer.arrayBuffer()));
        if (piece.length !== end + 1 - row.done) throw new Problem("attachment_invalid", "short");
        await this.parts.store.put("piece", [id, row.done / PIECE], piece);
        row = await this.put({ ...row, done: end + 1, used: this.parts.env.now() });
      }
      await this.makeRoom(id);
    });
  }

  /** Which message a file goes with. */
  async belongsTo(id: Hex, message: Hex): Promise<void> {
    const row = this.rows.get(id);
    if (row) await this.put({ ...row, message });
  }

  /** The original of a file that is here whole. Throws Problem `attachment_invalid`. */
  async decrypted(row: FileRow): Promise<Blob> {
    const out: Uint8Array<ArrayBuffer>[] = [];
    try {
      for await (const piece of decrypt(row.key, row.size, this.pieces(row), row.hash)) {
        out.push(piece as Uint8Array<ArrayBuffer>);
      }
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      await this.forget(row.id);
      throw new Problem("attachment_invalid", error.code);
    }
    const blob = new Blob(out, { type: shownType(row.mediaType) });
    await this.put({ ...row, used: this.parts.env.now() });
    return blob;
  }

  private async *pieces(row: FileRow): AsyncGenerator<Uint8Array> {
    for (let number = 0; number * PIECE < row.storedSize; number++) {
      const piece = await this.parts.store.get("piece", [row.id, number]);
      if (!piece) throw new ProtocolError("attachment_truncated");
      yield piece;
    }
  }

  // -- both

  private async exclusively(id: Hex, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
    if (this.running.has(id)) throw new Problem("busy");
    const abort = new AbortController();
    this.running.set(id, abort);
    const row = this.rows.get(id)!;
    this.changed(row, false);
    try {
      await task(abort.signal);
    } catch (error) {
      if (abort.signal.aborted) throw new Problem("no_connection", "paused");
      if (error instanceof Problem && !isNetwork(error)) await this.put({ ...this.rows.get(id)!, failure: error.code });
      throw error;
    } finally {
      this.running.delete(id);
      const now = this.rows.get(id);
      if (now) this.changed(now, now.done >= now.storedSize);
    }
  }

  busy(id: Hex): boolean {
    return this.running.has(id);
  }

  async pause(id: Hex): Promise<void> {
    const row = this.get(id);
    if (!row) return;
    this.running.get(row.id)?.abort();
    await this.put({ ...row, paused: true });
  }

  async resume(id: Hex): Promise<void> {
    const row = this.get(id);
    if (row) await this.put({ ...row, paused: false, failure: "" });
  }

  /** Remove a file and its pieces from this device. */
  async forget(id: Hex): Promise<void> {
    const row = this.get(id);
    if (!row) return;
    this.running.get(row.id)?.abort();
    this.rows.delete(row.id);
    this.byBlob.delete(row.blob);
    await this.parts.store.write(new Batch().remove("file", row.id).removeAll("piece", row.id));
  }

  private async makeRoom(except: Hex): Promise<void> {
    const whole = [...this.rows.values()].filter((row) => row.done >= row.storedSize).sort((a, b) => a.used - b.used);
    let total = whole.reduce((sum, row) => sum + row.storedSize, 0);
    for (const row of whole) {
      if (total <= KEPT_MAX) return;
      if (row.id === except) continue;
      total -= row.storedSize;
      await this.forget(row.id);
    }
  }
}

async function* read(file: Blob): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < file.size; at += PIECE) yield new Uint8Array(await file.slice(at, at + PIECE).arrayBuffer());
}

/** A name whose ending says what a picture became. */
function named(name: string, type: string): string {
  const ending = ENDINGS[type];
  return ending && !ending.test(name) ? `${name.replace(/\.[a-z0-9]{1,5}$/i, "")}.${type.slice(6)}` : name;
}

/** What the browser may take the bytes for: pictures, sound and film; everything else is for saving only. */
function shownType(mediaType: string): string {
  const played = /^(audio\/(mpeg|mp4|ogg|webm|wav|aac)|video\/(mp4|webm))$/.test(mediaType);
  return isPicture(mediaType) || played ? mediaType : "application/octet-stream";
}
