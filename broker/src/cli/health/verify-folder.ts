import { checkIdentity, type FoundIdentity } from '../../cluster/formation/identity-file.ts'
import { checkLives } from '../../cluster/formation/lives-file.ts'
import { damageOf, type Finding, type Report } from '../../log/inspect/finding.ts'
import { inspectLog } from '../../log/inspect/inspect-log.ts'
import type { InspectedGroup, InspectedLog } from '../../log/inspect/inspected-log.ts'
import { readDataFormat } from '../../log/recovery/data-format.ts'
import type { StateReader } from '../../log/store/rocks-store.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { Disk } from '../../platform/disk.ts'
import { type InspectedState, inspectState } from './inspect-state.ts'

export interface FolderToVerify {
  /** Nothing of it is changed. */
  readonly disk: Disk
  readonly crc32c: Crc32c
  readonly folder: string
  readonly openState: (folder: string) => Promise<StateReader>
  readonly onRead: (bytes: number) => void
}

export interface VerifiedPartition extends InspectedGroup {
  /** `topic/partition`, "metadata", or "group N" where the state store does not tell. */
  readonly name: string
}

export interface VerifiedFolder {
  readonly folder: string
  /** 0: there is no identity file, as in the folder of a cascade broker. */
  readonly broker: number
  /** Empty: none yet. */
  readonly clusterId: string
  readonly sound: boolean
  readonly partitions: readonly VerifiedPartition[]
  readonly log: Omit<InspectedLog, 'groups'>
  /** Null: it is missing or cannot be read. */
  readonly state: { readonly pairs: number; readonly bytes: number } | null
  readonly findings: readonly Finding[]
}

/**
 * Reads everything in the data folder of a broker that does not run, and changes nothing.
 * @throws TailraceError NEWER_FORMAT; DiskError
 */
export async function verifyFolder(given: FolderToVerify): Promise<VerifiedFolder> {
  const { disk, crc32c, folder, onRead } = given
  const findings: Finding[] = []
  const report: Report = (finding) => findings.push(finding)
  const { used, identity } = await inspectOwnFiles(given, report)
  const hadLog = used || identity?.isMember === true
  const inspected = await inspectLog({ disk, crc32c, folder: `${folder}/log`, hadLog, report, onRead })
  const { groups, ...log } = inspected
  const state = await stateOf(given, hadLog, groups, report)
  const partitions = (groups ?? []).map((group) => ({ ...group, name: nameOf(group, state) }))
  return {
    folder,
    broker: identity?.brokerId ?? 0,
    clusterId: identity?.clusterId ?? '',
    sound: findings.every(({ severity }) => severity !== 'damage'),
    partitions,
    log,
    state: state === null ? null : { pairs: state.pairs, bytes: state.bytes },
    findings,
  }
}

/** The files beside log and state store, in the order in which a start reads them. */
async function inspectOwnFiles(
  { disk, crc32c, folder }: FolderToVerify,
  report: Report,
): Promise<{ readonly used: boolean; readonly identity: FoundIdentity | null }> {
  const format = await readDataFormat(disk, folder, crc32c)
  if (!format.sound) {
    const advice = 'The next start writes it anew; each other file has a version of its own.'
    report(damaged(`${folder}/format`, 'it is not as it was written', advice))
  }
  if ((await checkLives(disk, folder)) === 'damaged') {
    const advice =
      'The broker starts, and counts the list as lost: other brokers that remember more of it have its replicas quarantined.'
    report(damaged(`${folder}/lives.json`, 'it is not as it was written', advice))
  }
  try {
    return { used: format.used, identity: await checkIdentity(disk, folder) }
  } catch (error) {
    report(damageOf(error, `${folder}/identity.json`))
    return { used: true, identity: null }
  }
}

async function stateOf(
  { disk, crc32c, folder: data, openState }: FolderToVerify,
  hadState: boolean,
  groups: readonly InspectedGroup[] | null,
  report: Report,
): Promise<InspectedState | null> {
  const folder = `${data}/state`
  const names = await disk.list(folder)
  if (names.includes('CURRENT')) return inspectState({ folder, open: openState, crc32c, groups, report })
  if (names.length > 0) {
    const advice = 'Put the file back if you still have it; else move the folder away, and the store is made again.'
    report(damaged(`${folder}/CURRENT`, 'it is missing', advice))
  } else if (hadState) {
    const advice = 'The next start makes it again from the log and from other brokers.'
    report(damaged(folder, 'the state store is missing', advice))
  }
  return null
}

function damaged(file: string, problem: string, advice: string): Finding {
  return { severity: 'damage', file, position: null, problem, advice }
}

function nameOf({ group }: InspectedGroup, state: InspectedState | null): string {
  return group === 0 ? 'metadata' : (state?.names.get(group) ?? `group ${group}`)
}
