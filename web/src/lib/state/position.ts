import { Problem } from "../sync/api";
import type { FixView } from "../sync/views";

/** Where this device is, as the browser says; asked for only when the person has asked for it. */

const OPTIONS: PositionOptions = { enableHighAccuracy: true, maximumAge: 10_000, timeout: 20_000 };
/** Who asks means now: not where the device was when somebody asked before. */
const NOW: PositionOptions = { ...OPTIONS, maximumAge: 0 };

function fixOf({ coords, timestamp }: GeolocationPosition): FixView {
  const { latitude, longitude, accuracy } = coords;
  return { latitude, longitude, accuracy, time: Math.round(timestamp) };
}

function problemOf(error: GeolocationPositionError): Problem {
  return new Problem(error.code === error.PERMISSION_DENIED ? "location_denied" : "location_unavailable");
}

/** Once. Throws Problem `location_denied` or `location_unavailable`. */
export function locate(): Promise<FixView> {
  return new Promise((resolve, reject) => {
    navigator.geolocation.getCurrentPosition(
      (position) => {
        resolve(fixOf(position));
      },
      (error) => {
        reject(problemOf(error));
      },
      NOW,
    );
  });
}

/** Again and again, until the returned function is called. */
export function watch(onfix: (fix: FixView) => void, onproblem: (problem: Problem) => void): () => void {
  const id = navigator.geolocation.watchPosition(
    (position) => {
      onfix(fixOf(position));
    },
    (error) => {
      onproblem(problemOf(error));
    },
    OPTIONS,
  );
  return () => {
    navigator.geolocation.clearWatch(id);
  };
}
