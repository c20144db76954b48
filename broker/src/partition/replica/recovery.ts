import type { LogIndex } from '@tailrace/schemas'
import { TailraceError } from '@tailrace/schemas'
import type { GroupLog, StateStore } from '../../log/log-storage.ts'
import type { Crc32c } from '../../platform/checksum.ts'
import type { RaftStart } from '../../raft/config.ts'
import type { GroupSpec, StateMachine } from '../group.ts'
import { raftStart } from './raft-start.ts'
import { loadCheckpoint } from './state/checkpoint.ts'
import type { Checkpoint } from './state/checkpoint-codec.ts'
import { dropInstallRecord, loadInstallRecord } from './state/install-record.ts'
import { offsetAfter, termAt } from './state/log-places.ts'
import { type CommittedStart, PartitionState } from './state/partition-state.ts'

const READ_BYTES = 1 << 20

export interface Recovered {
  readonly raft: RaftStart
  readonly state: PartitionState
  /** The log's start is cut off and no checkpoint covers the removed part: a peer must give the state. */
  readonly producersUnknown: boolean
}

export interface RecoveryDeps {
  readonly store: StateStore
  readonly crc32c: Crc32c
  readonly producerCapacity: number
  /** The log was made just now: nothing of it can be anywhere else. */
  readonly created: boolean
}

/**
 * Brings a replica's derived state back: the checkpoint, then every entry after it as not yet committed; a leader's
 * commit index decides about those (M36). Reads at most what was appended since the last checkpoint.
 */
export async function recoverReplica(log: GroupLog, spec: GroupSpec, deps: RecoveryDeps): Promise<Recovered> {
  const { producerCapacity } = deps
  if (deps.created && spec.stateMachine === null) return createdReplica(log, producerCapacity)
  const install = await loadInstallRecord(deps.store, log.group)
  // An installation was about to replace this log, whose entries may differ from those that the state was made of.
  const trusted = install === null || termAt(log, install.lastIndex) === install.lastTerm
  if (install !== null && trusted) await dropInstallRecord(deps.store, log.group)
  if (spec.stateMachine !== null) {
    const state = await fromMachine(log, spec.stateMachine, trusted, producerCapacity)
    await readOn(log, state)
    return { state, raft: raftStart(log, state.commitIndex), producersUnknown: false }
  }
  const checkpoint = await loadCheckpoint(deps.store, spec.group, deps.crc32c)
  const state = fromCheckpoint(log, checkpoint, trusted, producerCapacity)
  const commitHint = state.commitIndex
  await readOn(log, state)
  const known = checkpoint?.producersIndex ?? 0
  return { state, raft: raftStart(log, commitHint), producersUnknown: known < log.prevIndex }
}

function createdReplica(log: GroupLog, producerCapacity: number): Recovered {
  const state = fromCheckpoint(log, null, true, producerCapacity)
  return { state, raft: raftStart(log, state.commitIndex), producersUnknown: false }
}

/**
 * Shows the state every entry of the log that it has not seen. Where one has rotted the log ends from now on, as where
 * the journal has: without it the effect of the entries after it is unknown. They are few, and a leader has them, or
 * they were never committed.
 */
async function readOn(log: GroupLog, state: PartitionState): Promise<void> {
  let endOffset = state.highWatermark
  while (state.appendedIndex < log.lastIndex) {
    const next = state.appendedIndex + 1
    const run = await orRotten(log.readEntries(next, READ_BYTES))
    if (run instanceof TailraceError) return log.lose(next, endOffset, run.message)
    if (run.headers.length === 0) throw new Error(`group ${log.group}: entry ${next} is missing from the log`)
    for (let at = 0; at < run.headers.length; at += 1) state.appended(run.headers[at]!, run.payloads[at]!)
    endOffset = run.headers.at(-1)!.lastOffset + 1
  }
}

/** Resolves to the error when an entry that was read has rotted. */
async function orRotten<Result>(read: Result | Promise<Result>): Promise<Result | TailraceError> {
  try {
    return await read
  } catch (error) {
    if (error instanceof TailraceError && error.code === 'STORAGE_CORRUPT') return error
    throw error
  }
}

function fromCheckpoint(
  log: GroupLog,
  checkpoint: Checkpoint | null,
  trusted: boolean,
  producerCapacity: number,
): PartitionState {
  const start = { commitIndex: log.prevIndex, highWatermark: log.startOffset }
  if (checkpoint === null) return new PartitionState(start, null, producerCapacity)
  const { commitIndex, highWatermark, producersIndex, fence, deletedBefore } = checkpoint
  const usable = trusted && commitIndex <= log.lastIndex && commitIndex >= log.prevIndex
  const place = usable ? { commitIndex, highWatermark } : start
  const settled = { producersIndex, fenceToken: fence, deletedBefore }
  const state = new PartitionState({ ...place, ...settled }, null, producerCapacity)
  for (const [producerId, producer] of checkpoint.producers) state.producers.restore(producerId, producer)
  return state
}

/**
 * A state machine knows the last entry that it has applied; where the log has that very entry, all up to there are
 * committed. Where it has not, the log has lost its end while the machine's store was faster: entries that took the
 * place of a former leader's may be gone, and the former ones back. Then a leader tells what is committed.
 */
async function fromMachine(
  log: GroupLog,
  machine: StateMachine,
  trusted: boolean,
  producerCapacity: number,
): Promise<PartitionState> {
  if (machine.appliedIndex < log.prevIndex) {
    throw new TailraceError(
      'STORAGE_CORRUPT',
      `Group ${log.group} has applied ${machine.appliedIndex}, but its log begins after ${log.prevIndex}.`,
    )
  }
  const isInLog = trusted && hasApplied(log, machine)
  const commitIndex = isInLog ? machine.appliedIndex : log.prevIndex
  return new PartitionState(await readablePlace(log, commitIndex), machine, producerCapacity)
}

function hasApplied(log: GroupLog, { appliedIndex, appliedTerm }: StateMachine): boolean {
  return appliedTerm === 0 ? appliedIndex <= log.lastIndex : termAt(log, appliedIndex) === appliedTerm
}

/** The last entry up to `index` that can be read: the log will end after it. */
async function readablePlace(log: GroupLog, index: LogIndex): Promise<CommittedStart> {
  for (let commitIndex = index; ; commitIndex -= 1) {
    const highWatermark = await orRotten(offsetAfter(log, commitIndex))
    if (!(highWatermark instanceof TailraceError)) return { commitIndex, highWatermark }
  }
}
