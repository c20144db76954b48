/** Segments of a pattern, so that a name is held against many of them in a short time. */
export const MOST_SEGMENTS = 32

/** Whether a segment of a name matches; null: any number of them do. */
type Segment = ((part: string) => boolean) | null

/** Tells whether a pattern matches names: `*` stands for one segment, or for any part of one, `**` for any number. */
export function globOf(pattern: string): (name: string) => boolean {
  const segments = pattern.split('/').map(segmentOf)
  return (name) => matches(segments, name.split('/'))
}

export function matchesGlob(pattern: string, name: string): boolean {
  return globOf(pattern)(name)
}

/** All names that match begin with it. */
export function literalStart(pattern: string): string {
  const at = pattern.indexOf('*')
  // `events/**` matches `events`, too.
  return at < 0 ? pattern : pattern.slice(0, at).replace(/\/$/, '')
}

function segmentOf(text: string): Segment {
  if (text === '**') return null
  if (text === '*') return (part) => part !== ''
  const [first = '', ...rest] = text.split('*')
  const last = rest.pop()
  if (last === undefined) return (part) => part === text
  const between = rest.filter((piece) => piece !== '')
  return (part) => {
    const end = part.length - last.length
    if (end < first.length || !part.startsWith(first) || !part.endsWith(last)) return false
    let at = first.length
    for (const piece of between) {
      const found = part.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return at <= end
  }
}

/** The last `**` alone is tried again with more: what it took before could not be better. */
function matches(segments: readonly Segment[], parts: readonly string[]): boolean {
  const tail = segments.length - 1 - segments.lastIndexOf(null)
  let [at, part] = [0, 0]
  let [wildcardAt, taken] = [-1, 0]
  while (part < parts.length) {
    const segment = segments[at]
    if (segment === null) {
      wildcardAt = at++
      // What is behind the last one matches the end, or nothing does.
      taken = at === segments.length - tail ? Math.max(part, parts.length - tail) : part
      part = taken
    } else if (segment?.(parts[part]!)) {
      at += 1
      part += 1
    } else if (wildcardAt >= 0 && wildcardAt + 1 < segments.length - tail) {
      at = wildcardAt + 1
      part = ++taken
    } else return false
  }
  while (segments[at] === null) at += 1
  return at === segments.length
}
