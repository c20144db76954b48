import { type GroupId, METADATA_GROUP } from '@tailrace/schemas'
import { storedCatalog } from '../../cascade/copies/catalog.ts'
import { MetadataState } from '../../cluster/metadata/metadata-state.ts'
import { loadMetadata } from '../../cluster/metadata/store/metadata-store.ts'
import type { Report } from '../../log/inspect/finding.ts'
import type { InspectedGroup } from '../../log/inspect/inspected-log.ts'
import type { StateReader } from '../../log/store/rocks-store.ts'
import { readStateFormat } from '../../log/store/state-format.ts'
import { loadCheckpoint } from '../../partition/replica/state/checkpoint.ts'
import { loadInstallRecord } from '../../partition/replica/state/install-record.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import { DiskError } from '../../platform/disk.ts'

export interface StateToInspect {
  readonly folder: string
  readonly open: (folder: string) => Promise<StateReader>
  readonly crc32c: Crc32c
  /** Of the log beside it; null: not known. */
  readonly groups: readonly InspectedGroup[] | null
  readonly report: Report
}

export interface InspectedState {
  readonly pairs: number
  readonly bytes: number
  /** `topic/partition` of each group that the store knows. */
  readonly names: ReadonlyMap<GroupId, string>
}

const remade =
  'Put its files back if you have them as they were when the broker stopped; else move the folder away, and the store is made again from the log and from other brokers.'
/** No key is above. */
const END = '\u{10ffff}'

/** RocksDB gives the words of the system, and no code. */
const refusedText =
  /permission denied|operation not permitted|too many open files|cannot allocate memory|not enough space/i

/**
 * Reads every pair, whose checksums RocksDB checks, and compares what was applied with the log.
 * @throws TailraceError NEWER_FORMAT; DiskError where the system refuses files
 */
export async function inspectState(given: StateToInspect): Promise<InspectedState | null> {
  const { folder, report } = given
  const damage = (error: unknown) => {
    const problem = messageOf(error)
    // Nothing is known of the bytes, so nobody is told to move them away.
    if (refusedText.test(problem)) throw new DiskError('failed', `cannot read ${folder}: ${problem}`, { cause: error })
    report({ severity: 'damage', file: folder, position: null, problem, advice: remade })
  }
  let store: StateReader
  try {
    store = await given.open(folder)
  } catch (error) {
    damage(error)
    return null
  }
  try {
    await readStateFormat(store)
    const found = { pairs: 0, bytes: 0 }
    for await (const [key, value] of store.range('', END)) {
      found.pairs++
      found.bytes += key.length + value.length
    }
    const names = await namesIn(store, given)
    for (const group of given.groups ?? []) await checkApplied(store, given, group)
    return { ...found, names }
  } catch (error) {
    if ((error as { code?: unknown }).code === 'NEWER_FORMAT') throw error
    damage(error)
    return null
  } finally {
    await store.close()
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

/** Of a broker that replicates the metadata name the partitions; of a cascade broker its catalog does. */
async function namesIn(store: StateReader, given: StateToInspect): Promise<Map<GroupId, string>> {
  const names = new Map<GroupId, string>()
  const state = new MetadataState()
  await loadMetadata(store, state)
  for (const [group, { topic, partition }] of state.places) names.set(group, `${topic.name}/${partition}`)
  for (const { name, groups } of (await storedCatalog(store)).topics) {
    for (const [partition, group] of groups.entries()) names.set(group, `${name}/${partition}`)
  }
  checkMetadata(state.head.appliedIndex, given)
  return names
}

function checkMetadata(applied: number, { groups, folder, report }: StateToInspect): void {
  const log = groups?.find(({ group }) => group === METADATA_GROUP)
  if (log === undefined || applied === 0) return
  const { firstIndex, lastIndex } = log
  if (applied < firstIndex - 1) {
    const problem = `the metadata is as of entry ${applied}, and its log begins with entry ${firstIndex}`
    report({ severity: 'damage', file: folder, position: null, problem, advice: remade })
  } else if (applied > lastIndex) {
    report({
      severity: 'note',
      file: folder,
      position: null,
      problem: `the metadata is as of entry ${applied}, and its log ends with entry ${lastIndex}`,
      advice: 'The store was faster than the log when the broker ended. A leader sends the entries.',
    })
  }
}

/** A state is saved only up to what is durable in the log. */
async function checkApplied(store: StateReader, given: StateToInspect, log: InspectedGroup): Promise<void> {
  if (log.damaged || log.group === METADATA_GROUP) return
  if ((await loadInstallRecord(store, log.group)) !== null) return
  const checkpoint = await loadCheckpoint(store, log.group, given.crc32c)
  if (checkpoint === null || checkpoint.commitIndex <= log.lastIndex) return
  given.report({
    severity: 'damage',
    file: log.folder,
    position: null,
    problem: `the log ends with entry ${log.lastIndex}, and entry ${checkpoint.commitIndex} was committed here`,
    advice:
      'The disk has lost entries. Start the broker while the brokers of the other replicas run: a leader sends them again.',
  })
}
