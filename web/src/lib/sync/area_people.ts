import { b64u, equal, hex, unb64u } from "../protocol/bytes";
import { ROLES } from "./account";
import type { DevicesApi, InviteView, PeopleApi, VerificationView } from "./api";
import { Problem } from "./api";
import { personView } from "./render";
import type { Ground } from "./running";
import type { DeviceView, Id, OpenInviteView, PersonView, RoleName } from "./views";

const VERIFY = "werkfunk-v1";

export class People implements PeopleApi {
  constructor(private readonly ground: Ground) {}

  list(): Promise<PersonView[]> {
    const { chains, self } = this.ground.running;
    const rows = [...chains.people.values()].filter((row) => row.role > 0 && row.name !== "");
    const views = rows.map((row) => personView(row, self.user));
    return Promise.resolve(views.sort((a, b) => a.name.localeCompare(b.name)));
  }

  verification(person: Id): Promise<VerificationView> {
    const { self, office } = this.ground.running;
    const code = [VERIFY, b64u(self.row.organisation), b64u(self.row.user)].join(":");
    return Promise.resolve({ number: office.verificationNumber(person), code });
  }

  async verify(person: Id, verified: boolean): Promise<void> {
    await this.ground.running.chains.changePerson(person, { verified });
  }

  async check(person: Id): Promise<boolean> {
    const { chains } = this.ground.running;
    await chains.refresh();
    return !chains.changedKeys(person);
  }

  async verifyScanned(scanned: string): Promise<Id> {
    const { self, chains } = this.ground.running;
    const [mark, organisation, user] = scanned.trim().split(":");
    try {
      const [org, id] = [unb64u(organisation ?? ""), unb64u(user ?? "")];
      const right = mark === VERIFY && equal(org, self.row.organisation) && chains.users.has(hex(id));
      if (!right || hex(id) === self.user) throw new TypeError("another person");
      await this.verify(hex(id), true);
      return hex(id);
    } catch (error) {
      if (error instanceof Problem) throw error;
      throw new Problem("verification_mismatch");
    }
  }

  invite(role: RoleName, uses: number, days: number): Promise<InviteView> {
    return this.ground.running.office.invite(roleNumber(role), uses, days);
  }

  invites(): Promise<OpenInviteView[]> {
    return Promise.resolve(this.ground.running.office.invites());
  }

  withdraw(invite: Id): Promise<void> {
    return this.ground.running.office.withdraw(invite);
  }

  remove(person: Id): Promise<void> {
    return this.ground.running.office.removePerson(person);
  }

  setRole(person: Id, role: RoleName): Promise<void> {
    return this.ground.running.office.setRole(person, roleNumber(role));
  }

  async profile(change: { name?: string; picture?: Blob | null }): Promise<void> {
    const { faces, office } = this.ground.running;
    if (change.name !== undefined) await office.rename(change.name);
    if (change.picture !== undefined) await faces.set(change.picture);
  }
}

export class Devices implements DevicesApi {
  constructor(private readonly ground: Ground) {}

  list(): Promise<DeviceView[]> {
    return this.ground.running.office.devices();
  }

  take(code: string): Promise<void> {
    return this.ground.running.office.takeDevice(code);
  }

  link(): Promise<InviteView> {
    return this.ground.running.office.deviceLink();
  }

  revoke(device: Id): Promise<void> {
    return this.ground.running.office.revoke(device);
  }
}

function roleNumber(role: RoleName): 1 | 2 | 3 | 4 | 5 {
  return (ROLES.indexOf(role) + 1) as 1 | 2 | 3 | 4 | 5;
}
