import type { LogIndex } from '@tailrace/schemas'
import type { ReplayedGroup } from '../journal/replayed-group.ts'
import { PART, ROTTEN, WHOLE } from '../segment/repair.ts'
import { parseSegmentName } from '../segment/segment.ts'
import { HELD } from '../segment/segment-files.ts'
import { inspectIndex } from './inspect-index.ts'
import type { LogToInspect, SegmentFile } from './inspected-log.ts'
import { walkSegment } from './walk-segment.ts'

/** Checks the segments that the log needs against its replayed state, batch by batch. */
export async function inspectSegments(
  log: LogToInspect,
  group: ReplayedGroup,
  folder: string,
  names: readonly string[],
): Promise<{ readonly files: number; readonly bytes: number }> {
  const { state } = group
  const wanted = Math.min(group.inSegments, state.lastIndex)
  // Files after them hold entries that the journal has too, or that were discarded.
  const files = segmentFiles(folder, names).filter(
    ({ baseIndex }) => baseIndex > state.prevIndex && baseIndex <= wanted,
  )
  let next = { index: state.prevIndex + 1, offset: state.startOffset }
  let bytes = 0
  for (const [i, file] of files.entries()) {
    if (file.baseIndex !== next.index || file.baseOffset !== next.offset) reportGap(log, folder, next.index, file)
    const last = (files[i + 1]?.baseIndex ?? wanted + 1) - 1
    const places = await inspectIndex(log, group, file)
    const walked = await walkSegment(log, state, file, last, places)
    bytes += walked.bytes
    next = { index: walked.next, offset: walked.endOffset ?? files[i + 1]?.baseOffset ?? state.endOffset }
  }
  if (next.index <= wanted) reportGap(log, folder, next.index, null)
  noteLeftovers(log, folder, names)
  return { files: files.length, bytes }
}

/** In log order. A repaired file that waits to take its place is what a start reads. */
function segmentFiles(folder: string, names: readonly string[]): SegmentFile[] {
  const repaired = new Set(names.filter((name) => name.endsWith(WHOLE)).map((name) => name.slice(0, -WHOLE.length)))
  const all = new Set([...names.filter((name) => parseSegmentName(name) !== null), ...repaired])
  return [...all]
    .flatMap((name) => {
      const parsed = parseSegmentName(name)
      const path = `${folder}/${name}${repaired.has(name) ? WHOLE : ''}`
      return parsed === null ? [] : [{ ...parsed, path }]
    })
    .sort((a, b) => a.baseIndex - b.baseIndex)
}

function reportGap({ report }: LogToInspect, folder: string, from: LogIndex, next: SegmentFile | null): void {
  const until = next === null ? 'on' : `to ${next.baseIndex - 1}`
  const problem = `the entries from ${from} ${until} are missing: a segment is not there, or ends too early`
  report({
    severity: 'damage',
    file: `${folder}/*.log`,
    position: null,
    problem,
    advice:
      'Put the file back if you still have it; else start the broker while the brokers of the other replicas run: a leader sends the entries again.',
  })
}

function noteLeftovers({ report }: LogToInspect, folder: string, names: readonly string[]): void {
  for (const name of names) {
    const note = leftover(name)
    if (note !== null) report({ severity: 'note', file: `${folder}/${name}`, position: null, ...note })
  }
}

function leftover(name: string): { readonly problem: string; readonly advice: string } | null {
  if (name.endsWith(ROTTEN) || name.endsWith('.damaged')) {
    const problem = 'a rotten file that was replaced, kept for people to look at'
    return { problem, advice: 'Delete it when nobody wants to look at it.' }
  }
  if (name.endsWith(WHOLE)) {
    return { problem: 'a repaired segment that has not taken its place yet', advice: 'The next start puts it there.' }
  }
  const isCutOff = name.endsWith(PART) || name.includes(HELD)
  return isCutOff ? { problem: 'left over from work that was cut off', advice: 'The next start removes it.' } : null
}
