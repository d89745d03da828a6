/** Chromium's offer to install the app, kept until somebody asks for it (not in TypeScript's library). */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

const held = $state<{ offer: InstallOffer | null; done: boolean }>({
  offer: null,
  done: matchMedia("(display-mode: standalone)").matches,
});
addEventListener("beforeinstallprompt", (event) => {
  event.preventDefault();
  held.offer = event as InstallOffer;
});
addEventListener("appinstalled", () => {
  held.offer = null;
  held.done = true;
});

/** This is the installed app already. */
export function installed(): boolean {
  return held.done;
}

/** Whether the browser can install it by itself. */
export function offered(): boolean {
  return held.offer !== null;
}

export async function install(): Promise<void> {
  const { offer } = held;
  held.offer = null;
  await offer?.prompt();
}

/** iPhone and iPad have no offer; iPads call themselves Macs, but have fingers. */
export function isApple(): boolean {
  return (
    /iPhone|iPad/.test(navigator.userAgent) || (navigator.userAgent.includes("Mac") && navigator.maxTouchPoints > 1)
  );
}
