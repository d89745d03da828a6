/**
 * The sound of an alarm: it grows for half a minute, and the phone shakes with it. Browsers allow both only after
 * somebody has touched the page; until then `start` waits for the first touch.
 */
export interface Siren {
  /** Whether it sounds, or waits for a touch. */
  readonly sounding: boolean;
  stop(): void;
}

const GROWS_S = 30;
const PATTERNS: Readonly<Record<number, { tones: readonly number[]; beat: number; shake: readonly number[] }>> = {
  1: { tones: [660], beat: 2, shake: [200, 1800] },
  2: { tones: [660, 880], beat: 0.8, shake: [400, 400] },
  3: { tones: [740, 1100], beat: 0.45, shake: [600, 200] },
};

export function startSiren(level: number, onsound: () => void): Siren {
  let stopSound: (() => void) | null = null;
  const begin = (): void => {
    removeEventListener("pointerdown", begin);
    removeEventListener("keydown", begin);
    stopSound ??= sound(level);
    onsound();
  };
  if (navigator.userActivation.hasBeenActive) queueMicrotask(begin);
  else {
    addEventListener("pointerdown", begin);
    addEventListener("keydown", begin);
  }
  const lock = wakeLock();
  return {
    get sounding() {
      return stopSound !== null;
    },
    stop() {
      removeEventListener("pointerdown", begin);
      removeEventListener("keydown", begin);
      stopSound?.();
      stopSound = null;
      lock();
    },
  };
}

function sound(level: number): () => void {
  const { tones, beat, shake } = PATTERNS[level] ?? PATTERNS[3]!;
  const context = new AudioContext();
  const gain = context.createGain();
  const start = context.currentTime;
  gain.gain.setValueAtTime(0.04, start);
  gain.gain.exponentialRampToValueAtTime(0.9, start + GROWS_S);
  gain.connect(context.destination);
  const voice = context.createOscillator();
  voice.type = "square";
  voice.connect(gain);
  voice.start();
  let step = 0;
  const next = (): void => {
    voice.frequency.setValueAtTime(tones[step % tones.length]!, context.currentTime);
    step += 1;
  };
  next();
  const beats = setInterval(next, beat * 1000);
  const shakes = setInterval(() => navigator.vibrate?.([...shake]), shake[0]! + shake[1]!);
  navigator.vibrate?.([...shake]);
  return () => {
    clearInterval(beats);
    clearInterval(shakes);
    navigator.vibrate?.(0);
    void context.close();
  };
}

/** Keep the screen on while an alarm stands on it; gives what ends it. */
function wakeLock(): () => void {
  let held: WakeLockSentinel | null = null;
  let over = false;
  if ("wakeLock" in navigator) {
    navigator.wakeLock.request("screen").then(
      (lock) => {
        if (over) void lock.release();
        else held = lock;
      },
      () => undefined, // not allowed now (battery, background): the sound is there all the same
    );
  }
  return () => {
    over = true;
    void held?.release();
  };
}
