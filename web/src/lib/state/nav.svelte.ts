/**
 * Where the app is. The address says it all, so that a reload, a notification and the back key find the way:
 *
 *     /                 chats            /c/ID        a conversation       /c/ID/info   about it
 *     /c/ID/search      its messages      /c/ID/at/ID      one of them
 *     /new[/site|/group] a new chat      /people      everybody            /people/ID   one person
 *     /people/invite    invite           /settings    settings             /settings/X  one of them
 *     /chats            the list, where the simple view shows tiles first
 *     /join[/scan|/link|/code] the way in; #… a link was opened; its secret stays behind the #
 */
const at = $state<{ path: string[]; depth: number }>({ path: [], depth: 0 });

interface Mark {
  depth: number;
}

function read(): void {
  at.path = location.pathname.split("/").filter((part) => part !== "");
  at.depth = (history.state as Mark | null)?.depth ?? 0;
}

/** Follow the address. Returns what undoes it. */
export function startNav(): () => void {
  read();
  addEventListener("popstate", read);
  return () => {
    removeEventListener("popstate", read);
  };
}

/** The parts of the path; `[]` is the list of chats. */
export function place(): readonly string[] {
  return at.path;
}

/** Go somewhere inside the app; `replace` leaves no step to come back to. */
export function go(path: string, { replace = false } = {}): void {
  if (path === location.pathname && !location.hash) return;
  const mark: Mark = { depth: replace ? at.depth : at.depth + 1 };
  if (replace) history.replaceState(mark, "", path);
  else history.pushState(mark, "", path);
  read();
}

/** Back where the person came from; on a fresh start to `fallback`. */
export function back(fallback = "/"): void {
  if (at.depth > 0) history.back();
  else go(fallback, { replace: true });
}

/** For links: the browser's own ways (new tab, middle click) stay. */
export function follow(event: MouseEvent): void {
  const link = event.currentTarget as HTMLAnchorElement;
  if (event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(new URL(link.href).pathname);
}
