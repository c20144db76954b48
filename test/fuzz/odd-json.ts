/** Replacements of a part of a JSON value; undefined: it is missing. */
const odd: readonly unknown[] = [
  undefined,
  null,
  true,
  '',
  'x',
  '__proto__',
  '../../x',
  'x'.repeat(1500),
  -1,
  0,
  1,
  2,
  7,
  1.5,
  1000,
  2 ** 31,
  Number.MAX_SAFE_INTEGER,
  2 ** 53,
  1e300,
  [],
  {},
  [null],
  [[]],
  [0],
  [1, 1],
  { length: 3 },
  { name: 'x' },
]

/**
 * The JSON text of a value of which parts, at any depth, are replaced by odd ones: each two bytes choose a part and its
 * replacement.
 */
export function oddJson(value: unknown, choices: Uint8Array): string {
  let changed = value
  for (let at = 0; at + 1 < choices.length; at += 2) {
    changed = replaced(changed, choices[at]! % count(changed), odd[choices[at + 1]! % odd.length])
  }
  return JSON.stringify(changed) ?? ''
}

function count(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 1
  return Object.values(value).reduce((sum: number, part) => sum + count(part), 1)
}

/** A copy in which the part at this place, the whole being at 0, is another. */
function replaced(value: unknown, place: number, other: unknown): unknown {
  if (place === 0) return other
  let at = 1
  const parts = Object.entries(value as object).map(([key, part]): [string, unknown] => {
    const isHere = place >= at && place < at + count(part)
    const changed = isHere ? replaced(part, place - at, other) : part
    at += count(part)
    return [key, changed]
  })
  return Array.isArray(value) ? parts.map(([, part]) => part) : Object.fromEntries(parts)
}
