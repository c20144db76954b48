export const resetKinds = ['earliest', 'latest', 'offset', 'time', 'back', 'forward'] as const
export type ResetKind = (typeof resetKinds)[number]

/** Of each kind: what it is called, and what has to be typed with it, with an example; null: nothing. */
export const resetTexts: Readonly<Record<ResetKind, { readonly title: string; readonly typed: string | null }>> = {
  earliest: { title: 'the earliest record', typed: null },
  latest: { title: 'the end', typed: null },
  offset: { title: 'an offset', typed: 'Offset, like 1200' },
  time: { title: 'a time', typed: 'Time, like 2026-03-01T12:00:00Z' },
  back: { title: 'back by a number of records', typed: 'Records, like 100' },
  forward: { title: 'forward by a number of records', typed: 'Records, like 100' },
}

/** As POST /consumer-groups/{group}/reset takes it. What makes no sense goes as it is, and the broker says so. */
export function resetTo(kind: ResetKind, typed: string): string {
  const text = typed.trim()
  switch (kind) {
    case 'earliest':
    case 'latest':
      return kind
    case 'offset':
    case 'time':
      return text
    case 'back':
      return `-${text}`
    case 'forward':
      return `+${text}`
  }
}

/** The topics that somebody has typed, with commas or spaces between them; null: none, for all. */
export function typedTopics(typed: string): string[] | null {
  const names = typed.split(/[\s,]+/).filter((name) => name !== '')
  return names.length === 0 ? null : [...new Set(names)]
}
