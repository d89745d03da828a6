/** Putting the app on the home screen: what this device can do, as data for whoever draws it. */

/** Chromium's offer to install the app, kept until somebody asks for it (not in TypeScript's library). */
interface InstallOffer extends Event {
  prompt(): Promise<unknown>;
}

const held = $state<{ offer: InstallOffer | null; done: boolean }>({ offer: null, done: false });

/** This is the installed app already. */
export function installed(): boolean {
  return held.done;
}

/** Whether the browser can install it by itself: `install()` asks at once. Else the person must do it. */
export function offered(): boolean {
  return held.offer !== null;
}

/** Only after a tap. */
export async function install(): Promise<void> {
  const { offer } = held;
  held.offer = null;
  await offer?.prompt();
}

/** iPhone and iPad have no offer, and push needs the home screen; iPads call themselves Macs, but have fingers. */
export function isApple(): boolean {
  return (
    /iPhone|iPad/.test(navigator.userAgent) || (navigator.userAgent.includes("Mac") && navigator.maxTouchPoints > 1)
  );
}

/** From the app's beginning: the browser makes its offer early and once. Returns what undoes it. */
export function startInstall(): () => void {
  held.done = matchMedia("(display-mode: standalone)").matches;
  const keep = (event: Event): void => {
    event.preventDefault();
    held.offer = event as InstallOffer;
  };
  const done = (): void => {
    held.offer = null;
    held.done = true;
  };
  addEventListener("beforeinstallprompt", keep);
  addEventListener("appinstalled", done);
  return () => {
    removeEventListener("beforeinstallprompt", keep);
    removeEventListener("appinstalled", done);
  };
}
