const PLACE_WAIT_MS = 4000;
const VOICE_MS = 10_000;

/** Where this device is, if it may be known and is found quickly; else null: an SOS does not wait. */
export function whereabouts(): Promise<{ latitude: number; longitude: number; accuracy: number } | null> {
  if (!("geolocation" in navigator)) return Promise.resolve(null);
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(null), PLACE_WAIT_MS);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        clearTimeout(late);
        resolve({ latitude: coords.latitude, longitude: coords.longitude, accuracy: coords.accuracy });
      },
      () => {
        clearTimeout(late);
        resolve(null);
      },
      { enableHighAccuracy: true, maximumAge: 30_000, timeout: PLACE_WAIT_MS },
    );
  });
}

/** Ten seconds of sound around this device; null where the microphone is not given. */
export async function recording(): Promise<Blob | null> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    const recorder = new MediaRecorder(stream);
    const pieces: Blob[] = [];
    recorder.ondataavailable = (event) => pieces.push(event.data);
    const done = new Promise<void>((resolve) => (recorder.onstop = () => resolve()));
    recorder.start();
    setTimeout(() => recorder.stop(), VOICE_MS);
    await done;
    for (const track of stream.getTracks()) track.stop();
    return new Blob(pieces, { type: recorder.mimeType });
  } catch {
    return null; // no microphone, or not allowed: the alarm is out already
  }
}
