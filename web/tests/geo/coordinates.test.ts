import { expect, test } from "vitest";
import { parsePoint, pointText } from "../../src/lib/geo/coordinates";
import { fromE7, toE7 } from "../../src/lib/geo/sphere";

const KASSEL = { latitude: 51.3127, longitude: 9.4797 };

test.each([
  ["51.31270, 9.47970", KASSEL],
  [" 51.3127,9.4797 ", KASSEL],
  ["51.3127 9.4797", KASSEL],
  ["51.3127° ; 9.4797°", KASSEL],
  ["51,3127; 9,4797", KASSEL],
  ["51,3127, 9,4797", KASSEL],
  ["51,3127 9,4797", KASSEL],
  ["-33.86, +151.21", { latitude: -33.86, longitude: 151.21 }],
])("%s", (text, point) => {
  expect(parsePoint(text)).toEqual(point);
});

test.each(["", "51.3127", "51,3127", "51,31", "51, 9", "91.0, 9.0", "51.0, 180.1", "Lindenweg 4", "51.1, 9.4, 3.0"])(
  "%j is no place",
  (text) => {
    expect(parsePoint(text)).toBeNull();
  },
);

test("what is written is read again", () => {
  expect(parsePoint(pointText(KASSEL))).toEqual(KASSEL);
});

test("there and back to whole numbers loses nothing", () => {
  expect(toE7(KASSEL)).toEqual({ latitude: 513_127_000, longitude: 94_797_000 });
  for (const point of [KASSEL, { latitude: -90, longitude: 180 }, { latitude: 0.123_456_7, longitude: -0.000_000_1 }]) {
    expect(fromE7(toE7(point))).toEqual(point);
  }
});
