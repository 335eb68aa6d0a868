// Draws wwwroot/world.svg and prints the codes for World.cs. Run by hand when the outlines change:
//   npm pack world-atlas@2   (Natural Earth 4.1, public domain, in the packaging of world-atlas, ISC)
//   node outlines.mjs <folder of world-atlas> <iso_3166-1.json of Debian's iso-codes> ../../wwwroot/world.svg
// One path a country, named by its ISO code; a dot for a country that is too small for the coarse outlines. Antarctica is left out.
import { readFileSync, writeFileSync } from 'node:fs';

const [atlas, iso, target] = process.argv.slice(2);
const read = (name) => JSON.parse(readFileSync(name, 'utf8'));
const codes = new Map(read(iso)['3166-1'].map((country) => [country.numeric, country.alpha_2]));
// Areas without a code of their own are drawn with the country that holds the code in ISO 3166-1, or without a name.
const nameless = { 'Somaliland': 'SO', 'N. Cyprus': 'CY' };

// Equal Earth, so that no country looks larger than it is (Savric, Patterson, Jenny 2018).
function project([longitude, latitude]) {
  const [l, p] = [longitude * Math.PI / 180, latitude * Math.PI / 180];
  const t = Math.asin(Math.sqrt(3) / 2 * Math.sin(p));
  const t2 = t * t;
  const t6 = t2 * t2 * t2;
  const x = 2 * Math.sqrt(3) * l * Math.cos(t) / (3 * (9 * 0.003796 * t6 * t2 + 7 * 0.000893 * t6 + 3 * -0.081106 * t2 + 1.340264));
  const y = t * (1.340264 - 0.081106 * t2 + t6 * (0.000893 + 0.003796 * t2));
  return [500 + x * 184.7, 245 - y * 184.7];
}

// What lies across the 180th meridian is drawn in one piece on the side where it begins.
function unwrapped(ring) {
  let [before, turn] = [ring[0][0], 0];
  return ring.map(([longitude, latitude]) => {
    if (Math.abs(longitude - before) > 180) turn += longitude > before ? -360 : 360;
    before = longitude;
    return [longitude + turn, latitude];
  });
}

function shapes(topology) {
  const { scale, translate } = topology.transform;
  const arcs = topology.arcs.map((arc) => {
    let [x, y] = [0, 0];
    return arc.map(([dx, dy]) => [(x += dx) * scale[0] + translate[0], (y += dy) * scale[1] + translate[1]]);
  });
  const ring = (indexes) => unwrapped(indexes.flatMap((index, at) => {
    const arc = index < 0 ? [...arcs[~index]].reverse() : arcs[index];
    return at === 0 ? arc : arc.slice(1);
  }));
  return topology.objects.countries.geometries.map((country) => ({
    code: codes.get(country.id) ?? nameless[country.properties.name] ?? '',
    rings: (country.type === 'Polygon' ? [country.arcs] : country.arcs).flatMap((polygon) => polygon.map(ring)),
  }));
}

function path(rings) {
  return rings.map((ring) => {
    const points = ring.map(project).map(([x, y]) => [Math.round(x * 10), Math.round(y * 10)]);
    let [px, py] = points[0];
    let drawn = `M${px / 10} ${py / 10}l`;
    for (const [x, y] of points.slice(1)) {
      if (x === px && y === py) continue;
      drawn += `${(x - px) / 10} ${(y - py) / 10} `.replace(/(?<![0-9])0\./g, '.');
      [px, py] = [x, y];
    }
    return `${drawn.trimEnd()}z`;
  }).join('');
}

function middle(rings) {
  const largest = rings.reduce((a, b) => (b.length > a.length ? b : a));
  const sum = largest.map(project).reduce(([x, y], [ax, ay]) => [x + ax, y + ay], [0, 0]);
  return sum.map((value) => Math.round(value / largest.length));
}

const drawn = new Map();
for (const { code, rings } of shapes(read(`${atlas}/countries-110m.json`))) {
  if (code !== 'AQ') drawn.set(code, (drawn.get(code) ?? '') + path(rings));
}
for (const { code, rings } of [...shapes(read(`${atlas}/countries-50m.json`)), ...shapes(read(`${atlas}/countries-10m.json`))]) {
  if (code === '' || code === 'AQ' || drawn.has(code)) continue;
  const [x, y] = middle(rings);
  drawn.set(code, `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0-4 0z`);
}
const lines = [...drawn].sort(([a], [b]) => (a < b ? -1 : 1)).map(([code, d]) => `<path${code ? ` id="${code}"` : ' id="unnamed"'} d="${d}"/>`);
writeFileSync(target, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1000 460">\n${lines.join('\n')}\n</svg>\n`);
console.log([...drawn.keys()].filter(Boolean).sort().join(' '));
