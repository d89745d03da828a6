import { dateTime, getLanguage, t } from "../../i18n/index.svelte";
import { openPicture } from "../../photo/make";
import { engine } from "../../state/app.svelte";
import type { ConversationView, DefectView } from "../../sync/views";
import { dayText } from "./days";

/** Long side of a photo on paper, in pixels: 72 mm at about 280 dpi. */
const PRINTED = 800;

/** The list of defects as a PDF, made here and saved; what writes it is fetched only now. */
export async function makePdf(chat: ConversationView, defects: readonly DefectView[], name: string): Promise<void> {
  const { defectsPdf } = await import("../../pdf/defects");
  const photos: Record<string, Awaited<ReturnType<typeof photo>>> = {};
  for (const defect of defects) {
    const key = defect.file?.blob;
    if (key && !(key in photos)) photos[key] = await photo(chat.id, defect);
  }
  const date = dateTime(Date.now());
  const done = defects.filter((one) => one.state === "done").length;
  const made = t("defects.made", { date, name });
  const blob = await defectsPdf({
    language: getLanguage(),
    title: t("defects.title"),
    subtitle: [chat.title, chat.site].filter(Boolean).join(", "),
    summary: `${t("defects.count", { open: defects.length - done, done })} · ${made}`,
    foot: (sheet, of) => `${chat.title} · ${t("defects.page", { n: sheet, all: of })}`,
    lines: defects.map((defect) => ({
      number: defect.number,
      note: defect.note,
      done: defect.state === "done",
      facts: [
        [t("defects.place"), defect.place],
        [t("defects.who"), defect.who],
        [t("defects.due"), defect.due === null ? "" : dayText(defect.due)],
        [t("defects.state"), t(defect.state === "done" ? "photo.defectDone" : "photo.defectOpen")],
      ],
      photo: defect.file ? (photos[defect.file.blob] ?? null) : null,
    })),
  });
  save(blob, `${t("defects.title")} ${chat.title}.pdf`);
}

/** The photo as it was sent, small enough for paper; its thumbnail where it cannot be fetched now. */
async function photo(
  conversation: string,
  { photo: message, file }: DefectView,
): Promise<{ name: string; bytes: Uint8Array; width: number; height: number } | null> {
  if (!file) return null;
  const thumbnail = file.thumbnail ? new Blob([file.thumbnail as Uint8Array<ArrayBuffer>]) : null;
  const blob = await engine.files.open(conversation, message, file.blob).catch(() => thumbnail);
  if (!blob) return null;
  const { canvas } = await openPicture(blob, PRINTED);
  const jpeg = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.8 });
  const bytes = new Uint8Array(await jpeg.arrayBuffer());
  return { name: file.blob, bytes, width: canvas.width, height: canvas.height };
}

function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = name.replace(/[\\/:*?"<>|]/g, "_");
  document.body.append(link);
  link.click();
  link.remove();
  // Some browsers begin to read only later.
  setTimeout(() => {
    URL.revokeObjectURL(url);
  }, 60_000);
}
