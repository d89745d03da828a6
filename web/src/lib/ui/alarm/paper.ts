import { dateTime, getLanguage, t } from "../../i18n/index.svelte";
import { Paper } from "../../pdf/paper";
import type { AlarmBoardView } from "../../sync/alarm_views";
import { type Made, nameOf } from "./report";
import { answerWords, raiserWords } from "./words";

const TIME = { left: 0, width: 42, soft: true };
const WHAT = { left: 44 };

/** The report for people: what was raised, the numbers, each person, the timeline. Made on this device. */
export async function reportPdf(board: AlarmBoardView): Promise<Made> {
  const { alarm } = board;
  const title = `${t("alarm.report")}: ${t("alarm.title")} – ${t(`alarm.level.${alarm.level}`)}`;
  const paper = await Paper.open(title, getLanguage());
  const at = (time: number): string => (time > 0 ? dateTime(time) : "–");
  if (alarm.drill) paper.text(t("alarm.isDrill"), { size: 14, bold: true });
  paper.text(title, { size: 20, bold: true });
  paper.text(alarm.text || t("alarm.wordless"), { size: 14 });
  paper.text([at(alarm.started), raiserWords(alarm), alarm.title].filter((word) => word !== "").join(" · "), {
    soft: true,
  });
  paper.gap(3);
  const missing = alarm.total - alarm.seen;
  paper.text(
    `${alarm.coming} ${t("alarm.count.coming")} · ${alarm.seen}/${alarm.total} ${t("alarm.count.seen")} · ${missing} ${t("alarm.count.missing")}`,
    { size: 12, bold: true },
  );
  const line = (time: number, words: string): void => {
    paper.room(6);
    const top = paper.y;
    paper.text(at(time), TIME);
    if (paper.y > top) paper.y = top;
    paper.text(words, WHAT);
  };
  heading(paper, t("alarm.people"));
  for (const one of board.people) {
    const said = one.stage === "acknowledged" ? answerWords(one.code, alarm.answers) : t(`alarm.stage.${one.stage}`);
    line(one.time, `${one.name}: ${said}`);
  }
  heading(paper, t("alarm.timeline"));
  for (const mark of board.marks) {
    line(mark.time, t(`alarm.mark.${mark.kind}` as "alarm.mark.raised", { number: mark.number }));
  }
  if (board.sends.length > 0) heading(paper, t("alarm.sends"));
  for (const send of board.sends)
    line(send.time, `${send.name}: ${t(`alarm.send.${send.state}` as "alarm.send.sent")}`);
  return { name: `${nameOf(board)}.pdf`, file: paper.finish((sheet, of) => t("alarm.foot", { sheet, of })) };
}

function heading(paper: Paper, words: string): void {
  paper.gap(4);
  paper.room(14);
  paper.rule();
  paper.gap(2);
  paper.text(words, { size: 12, bold: true });
}
