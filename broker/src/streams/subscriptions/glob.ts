/**
 * Whether a pattern matches a name: `*` stands for one segment, or for any part of one, `**` for any number of
 * segments. Takes a time of both lengths multiplied at most, for any pattern.
 */
export function matchesGlob(pattern: string, name: string): boolean {
  return matchesAll(pattern.split('/'), name.split('/'), '**', matchesSegment)
}

/** All names that match begin with it. */
export function literalStart(pattern: string): string {
  const at = pattern.indexOf('*')
  // `events/**` matches `events`, too.
  return at < 0 ? pattern : pattern.slice(0, at).replace(/\/$/, '')
}

function matchesSegment(pattern: string, segment: string): boolean {
  if (pattern === '*') return segment !== ''
  if (!pattern.includes('*')) return pattern === segment
  return matchesAll([...pattern], [...segment], '*', (one, other) => one === other)
}

/** The last wildcard alone is tried again with more: what it took before could not be better. */
function matchesAll(
  patterns: readonly string[],
  parts: readonly string[],
  wildcard: string,
  matches: (pattern: string, part: string) => boolean,
): boolean {
  let [at, part] = [0, 0]
  let [wildcardAt, taken] = [-1, 0]
  while (part < parts.length) {
    const pattern = patterns[at]
    if (pattern === wildcard) {
      wildcardAt = at++
      taken = part
    } else if (pattern !== undefined && matches(pattern, parts[part]!)) {
      at += 1
      part += 1
    } else if (wildcardAt >= 0) {
      at = wildcardAt + 1
      part = ++taken
    } else return false
  }
  while (patterns[at] === wildcard) at += 1
  return at === patterns.length
}
