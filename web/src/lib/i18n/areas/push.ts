import { area } from "../area";

/** Notifications; the service worker has these alone. */
export const push = area(
  {
    "push.app": "Werkfunk",
    "push.message": "Neue Nachricht",
    "push.change": "Etwas hat sich geändert",
    "push.alarm": "Alarm",
    "push.drill": "Übung",
    "push.more": "und {n} davor",
    "push.photo": "📷 Foto",
    "push.file": "📎 Datei",
    "push.voice": "🎤 Sprachnachricht",
    "push.place": "📍 Standort",
    "push.deleted": "Nachricht gelöscht",
    "push.notice": "Neues im Chat",
    "push.reaction": "hat mit {text} reagiert",
  },
  {
    "push.app": "Werkfunk",
    "push.message": "New message",
    "push.change": "Something has changed",
    "push.alarm": "Alarm",
    "push.drill": "Drill",
    "push.more": "and {n} before",
    "push.photo": "📷 Photo",
    "push.file": "📎 File",
    "push.voice": "🎤 Voice message",
    "push.place": "📍 Location",
    "push.deleted": "Message deleted",
    "push.notice": "News in the chat",
    "push.reaction": "reacted with {text}",
  },
);
