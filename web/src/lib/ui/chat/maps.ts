/**
 * Where a tap on an address or a place leads: to the device's own map app by its scheme, `geo:` (RFC 5870) on Android and
 * on desktops, `maps:` on Apple's systems. Nothing is asked of any server by the app.
 */
export function mapHref(
  place: { latitude: number; longitude: number } | null,
  label: string,
  agent = navigator.userAgent,
): string {
  const query = encodeURIComponent(label.replace(/\s+/gu, " ").trim());
  const at = place ? `${String(place.latitude)},${String(place.longitude)}` : "";
  if (/iPhone|iPad|iPod|Macintosh/.test(agent)) {
    const parts = [at && `ll=${at}`, `q=${query || at}`].filter((part) => part !== "");
    return `maps://?${parts.join("&")}`;
  }
  if (at) return query ? `geo:${at}?q=${at}(${query})` : `geo:${at}?q=${at}`;
  return `geo:0,0?q=${query}`;
}
