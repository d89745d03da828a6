import { t } from "../../i18n/index.svelte";
import type { GatewayForm, HttpsForm, SendView, SmtpForm } from "../../sync/alarm_settings_views";

/** A gateway as the form shows it. */
export interface GatewayDraft {
  name: string;
  channel: GatewayForm["channel"];
  kind: "smtp" | "https";
  host: string;
  port: string;
  tls: SmtpForm["tls"];
  user: string;
  sender: string;
  url: string;
  headers: string;
  body: string;
}

export const emptyGateway = (): GatewayDraft => ({
  name: "",
  channel: "sms",
  kind: "https",
  host: "",
  port: "587",
  tls: "starttls",
  user: "",
  sender: "",
  url: "",
  headers: "Authorization: Bearer {secret}",
  body: '{"to": "{to}", "text": "{text}"}',
});

export function gatewayDraft(form: GatewayForm): GatewayDraft {
  const { name, channel, via } = form;
  const base = { ...emptyGateway(), name, channel, kind: via.kind };
  if (via.kind === "smtp")
    return { ...base, host: via.host, port: String(via.port), tls: via.tls, user: via.user, sender: via.sender };
  const headers = Object.entries(via.headers).map(([key, value]) => `${key}: ${value}`);
  return { ...base, url: via.url, headers: headers.join("\n"), body: via.body };
}

/** The API's form; what the form does not show (method, type of the body) stays as it was. */
export function gatewayForm(draft: GatewayDraft, before: GatewayForm | null): GatewayForm {
  const { name, channel } = draft;
  if (draft.kind === "smtp") {
    const { host, tls, user, sender } = draft;
    const via: SmtpForm = { kind: "smtp", host: host.trim(), port: Number(draft.port), tls, user, sender };
    return { name: name.trim(), channel: "mail", via };
  }
  const old = before?.via.kind === "https" ? before.via : null;
  const via: HttpsForm = {
    kind: "https",
    url: draft.url.trim(),
    method: old?.method ?? "POST",
    headers: headersOf(draft.headers),
    body: draft.body,
    type: old?.type ?? "application/json",
  };
  return { name: name.trim(), channel, via };
}

function headersOf(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split("\n")) {
    const [name = "", ...value] = line.split(":");
    if (name.trim() !== "") found[name.trim()] = value.join(":").trim();
  }
  return found;
}

/** Why a message did not go out, for people. */
export function sendWhy({ error }: SendView): string {
  if (error === "no_gateway" || error === "no_contact") return t(`gateway.why.${error}`);
  return error ? t("gateway.why.other", { code: error }) : "";
}
