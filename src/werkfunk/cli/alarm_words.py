"""What the command line and its papers call levels, states and steps of an alarm; a test holds them to the app's catalogue."""

LEVELS = {"info": "Info", "urgent": "Dringend", "emergency": "Notfall"}
STATUS = {
    "running": "läuft",
    "reached": "genug haben geantwortet",
    "ended": "Entwarnung",
    "cancelled": "abgebrochen",
    "expired": "abgelaufen",
}
STAGES = {
    "sent": "gesendet",
    "delivered": "auf dem Gerät",
    "displayed": "angezeigt",
    "acknowledged": "bestätigt",
    "unreachable": "nicht erreichbar",
}
MARKS = {
    "raised": "Ausgelöst",
    "repeated": "{number}. Wiederholung",
    "escalated": "Stufe {number}",
    "skipped": "Stufe {number} nicht nötig",
    "reached": "Genug haben geantwortet",
    "ended": "Entwarnung",
    "cancelled": "Abgebrochen",
    "expired": "Nach einem Tag abgelaufen",
}
SENDS = {"waiting": "wird gesendet", "sent": "gesendet", "failed": "nicht gesendet"}
DUTY = {"on": "Im Dienst", "break": "Pause", "off": "Feierabend"}
