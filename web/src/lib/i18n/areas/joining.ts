import { area } from "../area";

/** Getting in: links, codes, scanning; and being cut off. */
export const joining = area(
  {
    "welcome.title": "Der Draht zur Baustelle",
    "welcome.text": "Reden, Fotos und Dateien im Betrieb. Nur die Beteiligten können es lesen, der Server nicht.",
    "welcome.scan": "Einladung scannen",
    "welcome.paste": "Link einfügen",
    "welcome.link": "Einladungslink",
    "welcome.recover": "Ich habe einen Wiederherstellungscode",

    "join.title": "Willkommen bei {organisation}",
    "join.setup": "{organisation} einrichten",
    "join.role": "Eingeladen als {role}",
    "join.name": "Dein Name",
    "join.nameHint": "So sehen dich die anderen.",
    "join.go": "Los geht’s",
    "join.busy": "Schlüssel werden erzeugt …",
    "join.checking": "Einladung wird geprüft …",
    "join.device": "Dieses Gerät verbinden",
    "join.deviceText": "Danach ist hier derselbe Verlauf wie auf deinem anderen Gerät.",
    "join.setupText": "Du richtest den Betrieb ein und lädst danach die anderen ein.",
    "join.failed": "So geht es nicht weiter",
    "join.other": "Andere Einladung benutzen",
    "join.connect": "Verbinden",

    "offer.show": "Mit meinem anderen Gerät verbinden",
    "offer.title": "Scanne diesen Code",
    "offer.text": "Auf dem Gerät, das schon dabei ist: Einstellungen, Geräte, „Neues Gerät scannen“.",
    "offer.code": "Code dieses Geräts",
    "offer.waiting": "Wartet auf dein anderes Gerät …",
    "offer.new": "Neuen Code zeigen",
    "offer.done": "Willkommen zurück, {name}. Dieses Gerät ist verbunden.",

    "recover.title": "Mit Code zurückkommen",
    "recover.text": "Der Code steht auf dem Blatt, das du beim Einrichten gedruckt oder abgeschrieben hast.",
    "recover.code": "Wiederherstellungscode",
    "recover.hint": "7 Gruppen mit je 4 Zeichen. Groß oder klein ist egal.",
    "recover.busy": "Dein Verlauf wird zurückgeholt …",
    "recover.go": "Zurückholen",

    "code.title": "Dein Wiederherstellungscode",
    "code.text":
      "Verlierst du alle Geräte, kommst du nur mit diesem Code zurück. Niemand sonst kann dir helfen. Druck ihn aus oder schreib ihn ab.",
    "code.kept": "Ich habe ihn aufbewahrt",
    "code.later": "Später",
    "code.remind": "Dein Wiederherstellungscode ist noch nicht gesichert.",
    "code.show": "Anzeigen",
    "code.new": "Neuen Code erzeugen",
    "code.newText": "Der alte Code gilt dann nicht mehr.",
    "code.qr": "Der Code als Bild zum Scannen",
    "code.how":
      "So kommst du zurück: {host} öffnen, „Ich habe einen Wiederherstellungscode“ wählen, diesen Code scannen oder eintippen. Zeig ihn niemandem.",
    "code.isKept": "Dein Code ist gesichert.",
    "code.lost": "Blatt verloren oder jemand hat es gesehen? Dann mach einen neuen Code.",
    "code.print": "{organisation} · Wiederherstellungscode von {name}",

    "paste.text": "Du hast die Einladung als Nachricht bekommen? Kopiere den Link und füge ihn hier ein.",

    "scan.title": "Code scannen",
    "scan.denied":
      "Die Kamera ist nicht freigegeben. Erlaube sie in den Einstellungen des Browsers oder füge den Link ein.",
    "scan.none": "Hier ist keine Kamera, die sich benutzen lässt. Füge den Link ein.",
    "scan.invitation": "Im Büro oder von wem du eingeladen wirst, bekommst du einen Code gezeigt.",
    "scan.aim": "Halte den Code ins Bild.",

    "arrived.title": "Dieses Gerät ist schon eingerichtet",
    "arrived.text":
      "Du bist hier {name} bei {organisation}. Die Einladung bleibt unbenutzt. Soll jemand anderes dieses Gerät bekommen, melde es zuerst ab: Einstellungen, Geräte.",
    "arrived.stay": "Weiter als ich",

    "cut.revoked": "Dieses Gerät ist gesperrt",
    "cut.revokedText": "Es wurde auf einem anderen Gerät oder im Büro gesperrt.",
    "cut.removed": "Du bist nicht mehr im Betrieb",
    "cut.removedText": "Dein Zugang wurde entfernt.",
    "cut.wipeText": "Alle Chats und Schlüssel auf diesem Gerät werden gelöscht.",
    "cut.wipe": "Daten auf diesem Gerät löschen",
  },
  {
    "welcome.title": "The line to the site",
    "welcome.text":
      "Talk, photos and files for your business. Only those who take part can read it, the server cannot.",
    "welcome.scan": "Scan invitation",
    "welcome.paste": "Paste link",
    "welcome.link": "Invitation link",
    "welcome.recover": "I have a recovery code",

    "join.title": "Welcome to {organisation}",
    "join.setup": "Set up {organisation}",
    "join.role": "Invited as {role}",
    "join.name": "Your name",
    "join.nameHint": "This is how others see you.",
    "join.go": "Let’s go",
    "join.busy": "Making keys …",
    "join.checking": "Checking the invitation …",
    "join.device": "Connect this device",
    "join.deviceText": "It will show the same history as your other device.",
    "join.setupText": "You set up the business and then invite the others.",
    "join.failed": "This does not work",
    "join.other": "Use another invitation",
    "join.connect": "Connect",

    "offer.show": "Connect with my other device",
    "offer.title": "Scan this code",
    "offer.text": "On the device that is set up already: Settings, Devices, “Scan new device”.",
    "offer.code": "This device’s code",
    "offer.waiting": "Waiting for your other device …",
    "offer.new": "Show a new code",
    "offer.done": "Welcome back, {name}. This device is connected.",

    "recover.title": "Come back with a code",
    "recover.text": "The code is on the sheet that you printed or wrote down when you joined.",
    "recover.code": "Recovery code",
    "recover.hint": "7 groups of 4 characters. Capitals do not matter.",
    "recover.busy": "Bringing your history back …",
    "recover.go": "Come back",

    "code.title": "Your recovery code",
    "code.text":
      "If you lose all devices, only this code brings you back. Nobody else can help you. Print it or write it down.",
    "code.kept": "I have kept it",
    "code.later": "Later",
    "code.remind": "Your recovery code has not been kept yet.",
    "code.show": "Show",
    "code.new": "Make a new code",
    "code.newText": "The old code will no longer work.",
    "code.qr": "The code as a picture to scan",
    "code.how":
      "How to come back: open {host}, choose “I have a recovery code”, scan or type this code. Show it to nobody.",
    "code.isKept": "Your code is kept.",
    "code.lost": "Lost the sheet, or somebody saw it? Then make a new code.",
    "code.print": "{organisation} · recovery code of {name}",

    "paste.text": "Did you get the invitation as a message? Copy the link and paste it here.",

    "scan.title": "Scan code",
    "scan.denied": "The camera is not allowed. Allow it in the browser’s settings, or paste the link.",
    "scan.none": "There is no camera here that can be used. Paste the link.",
    "scan.invitation": "Whoever invites you shows you a code.",
    "scan.aim": "Hold the code into the picture.",

    "arrived.title": "This device is set up already",
    "arrived.text":
      "Here you are {name} at {organisation}. The invitation stays unused. If this device is for somebody else, sign out first: Settings, Devices.",
    "arrived.stay": "Go on as me",

    "cut.revoked": "This device is locked out",
    "cut.revokedText": "It was locked out on another device or in the office.",
    "cut.removed": "You are no longer in the business",
    "cut.removedText": "Your access was removed.",
    "cut.wipeText": "All chats and keys on this device are deleted.",
    "cut.wipe": "Delete the data on this device",
  },
);
