/** `?a=1&b=2` of what is given, or nothing. By hand: React Native's URLSearchParams can do little more than be there. */
export function queryOf(parameters: Readonly<Record<string, string | number | undefined>>): string {
  const fields = Object.entries(parameters).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return fields.length === 0 ? "" : `?${fields.join("&")}`;
}
