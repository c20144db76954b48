import { folderName } from '../group-folder.ts'
import { readDurableMark } from '../journal/durable-mark.ts'
import type { ReplayedGroup } from '../journal/replayed-group.ts'
import { STAGED } from '../received-log.ts'
import { CHECKPOINT_NAMES, type Checkpoint, readCheckpointFile } from '../recovery/checkpoint.ts'
import { listGroups } from '../recovery/recover.ts'
import { WHOLE } from '../segment/repair.ts'
import { inspectJournal } from './inspect-journal.ts'
import { inspectSegments } from './inspect-segments.ts'
import type { InspectedGroup, InspectedLog, LogToInspect } from './inspected-log.ts'

/**
 * Reads the whole log of a broker that does not run, as its start would, and checks beyond that every batch of every
 * segment. The segment files are read in windows; of the journal the headers of entries are kept that no segment has.
 * @throws TailraceError NEWER_FORMAT; DiskError
 */
export async function inspectLog(log: LogToInspect): Promise<InspectedLog> {
  const { disk, folder, report } = log
  const journals = (await disk.list(`${folder}/journal`)).filter((name) => name.endsWith('.journal'))
  const names = await listGroups(disk, `${folder}/groups`)
  const found = { journalFiles: journals.length, rounds: 0, segments: 0 }
  const checkpoint = await newestCheckpoint(log, journals.length + names.size > 0)
  if (checkpoint === null) return { ...found, groups: names.size + journals.length > 0 ? null : [] }
  await checkMark(log)
  const { replay, rounds } = await inspectJournal(log, checkpoint)
  if (checkpoint.mayHaveForgotten === true) {
    report({
      severity: 'damage',
      file: `${folder}/${CHECKPOINT_NAMES[checkpoint.generation % 2]}`,
      position: null,
      problem: 'an earlier start has found that the disk had lost writes, and the replicas are not whole again',
      advice: 'Start the broker while the brokers of the other replicas run: these make its replicas whole.',
    })
  }
  const groups: InspectedGroup[] = []
  for (const group of [...replay.groups.values()].sort((a, b) => a.id - b.id)) {
    groups.push(await inspectGroup(log, group, names.get(folderName(group.id, group.incarnation)) ?? []))
  }
  noteStrangers(log, replay.groups, names)
  return { ...found, rounds, segments: groups.reduce((sum, { segments }) => sum + segments, 0), groups }
}

/** Both files are looked at, also where one is enough for a start. */
async function newestCheckpoint(log: LogToInspect, isUsed: boolean): Promise<Checkpoint | null> {
  const { disk, folder, report } = log
  let newest: Checkpoint | null = null
  const lost: string[] = []
  for (const name of CHECKPOINT_NAMES) {
    const path = `${folder}/${name}`
    const size = (await disk.size(path)) ?? 0
    log.onRead(size)
    const found = size === 0 ? null : await readCheckpointFile(disk, path, size, log.crc32c)
    if (found === null) lost.push(path)
    else if (newest === null || found.generation > newest.generation) newest = found
  }
  if (newest === null && !isUsed && !log.hadLog && lost.length === 2) return null
  for (const file of lost) {
    report({
      severity: 'damage',
      file,
      position: null,
      problem: 'it is missing, or not as it was written',
      advice:
        newest === null
          ? 'No checkpoint is left, so the broker does not start. Put the file back if you have it as it was when the broker stopped; else start a broker with a new id and an empty folder.'
          : 'The other checkpoint is sound: the broker starts from it and writes this one anew. A loss of power while it was written leaves this as well.',
    })
  }
  return newest
}

/** A mark that cannot be read is taken for none by a start. @throws TailraceError NEWER_FORMAT */
async function checkMark({ disk, folder, crc32c, report }: LogToInspect): Promise<void> {
  const file = `${folder}/durable`
  if ((await disk.size(file)) === null || (await readDurableMark(disk, folder, crc32c)) !== null) return
  report({
    severity: 'damage',
    file,
    position: 0,
    problem: 'it is not as it was written',
    advice:
      'The broker starts without it and makes it anew; until then it cannot tell that the end of the journal is lost.',
  })
}

async function inspectGroup(
  log: LogToInspect,
  group: ReplayedGroup,
  names: readonly string[],
): Promise<InspectedGroup> {
  const { state } = group
  const folder = `${log.folder}/groups/${folderName(group.id, group.incarnation)}`
  let damaged = group.damage !== null
  const report: LogToInspect['report'] = (finding) => {
    damaged ||= finding.severity === 'damage' && isSegment(finding.file)
    log.report(finding)
  }
  if (group.damage !== null) {
    const { fromIndex, reason } = group.damage
    report({
      severity: 'damage',
      file: folder,
      position: null,
      problem: `group ${group.id} is in quarantine from entry ${fromIndex} on: ${reason}`,
      advice: 'Start the broker while the brokers of the other replicas run: a leader sends the entries again.',
    })
  }
  const segments = await inspectSegments({ ...log, report }, group, folder, names)
  return {
    group: group.id,
    folder,
    term: state.hardState.term,
    lastTerm: state.lastTerm,
    firstIndex: state.prevIndex + 1,
    lastIndex: state.lastIndex,
    entries: state.lastIndex - state.prevIndex,
    firstOffset: state.startOffset,
    endOffset: state.endOffset,
    records: state.endOffset - state.startOffset,
    bytes: segments.bytes + group.headers.reduce((sum, { bytes }) => sum + bytes, 0),
    segments: segments.files,
    damaged,
  }
}

/** An index that is damaged costs nothing. */
function isSegment(path: string): boolean {
  return path.endsWith('.log') || path.endsWith(`.log${WHOLE}`)
}

/** Folders that the next start removes, or in which a copy from another replica waits to be continued. */
function noteStrangers(
  { folder, report }: LogToInspect,
  groups: ReadonlyMap<number, ReplayedGroup>,
  names: ReadonlyMap<string, readonly string[]>,
): void {
  const known = new Set([...groups.values()].map(({ id, incarnation }) => folderName(id, incarnation)))
  for (const [name, files] of names) {
    if (known.has(name)) continue
    const isCopy = files.includes(STAGED)
    report({
      severity: 'note',
      file: `${folder}/groups/${name}`,
      position: null,
      problem: isCopy ? 'a copy from another replica is in transfer' : 'it belongs to no replica of this broker',
      advice: isCopy ? 'The broker continues it.' : 'The next start removes it.',
    })
  }
}
