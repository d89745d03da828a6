import { alarm } from "./areas/alarm";
import { alarmSettings } from "./areas/alarm_settings";
import { app } from "./areas/app";
import { chat } from "./areas/chat";
import { joining } from "./areas/joining";
import { people } from "./areas/people";
import { photo } from "./areas/photo";
import { push } from "./areas/push";
import { place } from "./areas/place";
import { settings } from "./areas/settings";
import { voice } from "./areas/voice";

/**
 * All texts. A new part of the app adds a file in `areas/` and a line in both objects. The app loads one language of them
 * (build/texts.ts).
 */
export const de = {
  ...alarm.de,
  ...alarmSettings.de,
  ...app.de,
  ...chat.de,
  ...joining.de,
  ...people.de,
  ...photo.de,
  ...push.de,
  ...place.de,
  ...settings.de,
  ...voice.de,
};
export type Key = keyof typeof de;
export type Texts = Readonly<Record<Key, string>>;
export const en: Texts = {
  ...alarm.en,
  ...alarmSettings.en,
  ...app.en,
  ...chat.en,
  ...joining.en,
  ...people.en,
  ...photo.en,
  ...push.en,
  ...place.en,
  ...settings.en,
  ...voice.en,
};
