import type { PersonView, RoleName } from "../../sync/views";

/** Roles from above to below, as the organisation chain has them (docs/protocol.md, 4.1). */
export const ROLES: readonly RoleName[] = ["owner", "admin", "site_lead", "member", "guest"];

/** What a role may give, the most common first: the owner any, the administration what is below it, others none. */
export function mayGive(role: RoleName): readonly RoleName[] {
  if (role === "owner") return ["member", "site_lead", "guest", "admin", "owner"];
  return role === "admin" ? ["member", "site_lead", "guest"] : [];
}

/** Whether a person of this role may change that one's role or take them out. Everybody checks the chain all the same. */
export function mayManage(role: RoleName, person: PersonView): boolean {
  return !person.me && mayGive(role).includes(person.role);
}
