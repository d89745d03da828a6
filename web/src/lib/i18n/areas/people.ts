import { area } from "../area";

/** People, roles, invitations, verification. */
export const people = area(
  {
    "people.title": "Personen",
    "people.invite": "Person einladen",
    "people.me": "Das bist du",
    "people.empty": "Noch niemand da",
    "people.verified": "geprüft",
    "people.message": "Nachricht schreiben",
    "people.verify": "Identität prüfen",
    "people.verifyText":
      "Vergleicht diese Nummer, am besten nebeneinander. Ist sie auf beiden Geräten gleich, ist es wirklich {name}.",
    "people.same": "Die Nummern sind gleich",
    "people.unverify": "Prüfung zurücknehmen",
    "people.scan": "Code scannen",
    "people.remove": "Aus dem Betrieb entfernen",
    "people.removeText": "{name} liest und schreibt dann nirgends mehr mit. Das lässt sich nicht rückgängig machen.",
    "people.role": "Rolle",

    "invite.title": "Einladen",
    "invite.role": "Rolle",
    "invite.make": "Einladung erstellen",
    "invite.show": "Mit der Kamera des anderen Handys scannen",
    "invite.expires": "Gilt bis {time}, für eine Person.",

    "role.owner": "Inhaber",
    "role.admin": "Verwaltung",
    "role.site_lead": "Bauleitung",
    "role.member": "Mitarbeiter",
    "role.guest": "Gast",
  },
  {
    "people.title": "People",
    "people.invite": "Invite a person",
    "people.me": "This is you",
    "people.empty": "Nobody here yet",
    "people.verified": "verified",
    "people.message": "Write a message",
    "people.verify": "Verify identity",
    "people.verifyText":
      "Compare this number, side by side if you can. If it is the same on both devices, it really is {name}.",
    "people.same": "The numbers are the same",
    "people.unverify": "Take verification back",
    "people.scan": "Scan code",
    "people.remove": "Remove from the business",
    "people.removeText": "{name} will no longer read or write anywhere. This cannot be undone.",
    "people.role": "Role",

    "invite.title": "Invite",
    "invite.role": "Role",
    "invite.make": "Make invitation",
    "invite.show": "Scan with the camera of the other phone",
    "invite.expires": "Valid until {time}, for one person.",

    "role.owner": "Owner",
    "role.admin": "Administration",
    "role.site_lead": "Site lead",
    "role.member": "Member",
    "role.guest": "Guest",
  },
);
