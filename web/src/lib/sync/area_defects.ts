import type { DefectInput, DefectsApi } from "./api";
import type { Ground } from "./running";
import type { DefectView, Id } from "./views";

export class DefectsArea implements DefectsApi {
  constructor(private readonly ground: Ground) {}

  list(conversation: Id): Promise<DefectView[]> {
    return this.ground.running.defects.list(conversation);
  }

  add(conversation: Id, photo: Id, index: number, input: DefectInput): Promise<void> {
    return this.ground.running.defects.add(conversation, photo, index, input);
  }

  change(conversation: Id, defect: Id, input: DefectInput): Promise<void> {
    return this.ground.running.defects.change(conversation, defect, input);
  }
}
