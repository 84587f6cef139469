// Draws the curves of a run: `node bench/plot.ts <the run's json> <folder for the drawings>`.
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Curve } from "./curve.ts";

const WIDTH = 760;
const HEIGHT = 420;
const LEFT = 64;
const RIGHT = 24;
const TOP = 52;
const BOTTOM = 48;
const STYLES = [
  { color: "#d9822b", dash: "6 4" },
  { color: "#b3261e", dash: "" },
  { color: "#4f9bd9", dash: "6 4" },
  { color: "#1f4e8c", dash: "" },
] as const;

const [source, folder] = process.argv.slice(2);
if (source === undefined || folder === undefined) {
  throw new TypeError("Say which run to draw, and where to: node bench/plot.ts <json> <folder>");
}
const { curves } = JSON.parse(await readFile(source, "utf8")) as { readonly curves: readonly Curve[] };
await mkdir(folder, { recursive: true });
for (const curve of curves) await writeFile(join(folder, `${curve.name}.svg`), curveToSvg(curve));

/** Both axes are logarithmic: a straight line means in proportion. */
function curveToSvg({ title, across, up, series }: Curve): string {
  const points = series.flatMap((each) => each.points);
  const x = scaleOf(
    points.map((point) => point.x),
    LEFT,
    WIDTH - RIGHT,
  );
  const y = scaleOf(
    points.map((point) => point.y),
    HEIGHT - BOTTOM,
    TOP,
  );
  const grid = [
    ...x.ticks.map((tick) => line(x.at(tick), TOP, x.at(tick), HEIGHT - BOTTOM)),
    ...y.ticks.map((tick) => line(LEFT, y.at(tick), WIDTH - RIGHT, y.at(tick))),
    ...x.ticks.map((tick) => text(x.at(tick), HEIGHT - BOTTOM + 18, tick.toLocaleString("en"), "middle")),
    ...y.ticks.map((tick) => text(LEFT - 8, y.at(tick) + 4, String(tick), "end")),
  ];
  const drawn = series.flatMap(({ label, points: own }, index) => {
    const { color, dash } = STYLES[index % STYLES.length] ?? STYLES[0];
    const places = own.map((point) => ({ cx: x.at(point.x).toFixed(1), cy: y.at(point.y).toFixed(1) }));
    const key = TOP + 14 + index * 18;
    return [
      `<polyline points="${places.map(({ cx, cy }) => `${cx},${cy}`).join(" ")}" fill="none" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      ...places.map(({ cx, cy }) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`),
      `<line x1="${LEFT + 12}" y1="${key}" x2="${LEFT + 40}" y2="${key}" stroke="${color}" stroke-width="2" stroke-dasharray="${dash}"/>`,
      text(LEFT + 48, key + 4, label, "start"),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    text(LEFT, 20, title, "start", "font-size='14' font-weight='bold'"),
    ...grid,
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 12, across, "middle"),
    text(LEFT, TOP - 8, up, "start"),
    ...drawn,
    "</svg>\n",
  ].join("\n");
}

interface Scale {
  readonly at: (value: number) => number;
  readonly ticks: readonly number[];
}

/** From the power of ten below to the one above. */
function scaleOf(values: readonly number[], from: number, to: number): Scale {
  const low = Math.floor(Math.log10(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(...values))));
  return {
    at: (value) => from + ((Math.log10(value) - low) / (high - low)) * (to - from),
    ticks: Array.from({ length: high - low + 1 }, (_, index) => Number((10 ** (low + index)).toPrecision(1))),
  };
}

function line(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1.toFixed(1)}" y1="${y1.toFixed(1)}" x2="${x2.toFixed(1)}" y2="${y2.toFixed(1)}" stroke="#ddd"/>`;
}

function text(x: number, y: number, content: string, anchor: string, more = ""): string {
  const escaped = content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  return `<text x="${x.toFixed(1)}" y="${y.toFixed(1)}" text-anchor="${anchor}" fill="#222" ${more}>${escaped}</text>`;
}
