import { TailraceError } from '@tailrace/schemas'
import type { GroupLog, StateStore } from '../log/types.ts'
import type { Crc32c } from '../platform/checksum.ts'
import type { RaftStart } from '../raft/config.ts'
import { loadCheckpoint } from './checkpoint.ts'
import type { Checkpoint } from './checkpoint-codec.ts'
import { dropInstallRecord, loadInstallRecord } from './install-record.ts'
import { offsetAfter, termAt } from './log-places.ts'
import { PartitionState } from './partition-state.ts'
import { raftStart } from './raft-start.ts'
import type { GroupSpec, StateMachine } from './types.ts'

const READ_BYTES = 1 << 20

export interface Recovered {
  readonly raft: RaftStart
  readonly state: PartitionState
  /** The log's start is cut off and no checkpoint tells what was there: a peer must. */
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
 * Brings a replica's derived state back: the checkpoint, then every entry after it as not yet committed; a leader's commit index decides
 * about those (M36). Reads at most what was appended since the last checkpoint.
 */
export async function recoverReplica(log: GroupLog, spec: GroupSpec, deps: RecoveryDeps): Promise<Recovered> {
  const { producerCapacity } = deps
  if (deps.created && spec.stateMachine === null) return createdReplica(log, producerCapacity)
  const install = await loadInstallRecord(deps.store, log.group)
  // An installation was about to replace this log, whose entries need not be those that its state was made of.
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

/** Shows the state every entry of the log that it has not seen. */
async function readOn(log: GroupLog, state: PartitionState): Promise<void> {
  while (state.appendedIndex < log.lastIndex) {
    const run = await log.readEntries(state.appendedIndex + 1, READ_BYTES)
    if (run.headers.length === 0)
      throw new Error(`group ${log.group}: entry ${state.appendedIndex + 1} is missing from the log`)
    for (let at = 0; at < run.headers.length; at += 1) state.appended(run.headers[at]!, run.payloads[at]!)
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
  const { commitIndex, highWatermark, producersIndex } = checkpoint
  const usable = trusted && commitIndex <= log.lastIndex && commitIndex >= log.prevIndex
  const from = usable ? { commitIndex, highWatermark, producersIndex } : { ...start, producersIndex }
  const state = new PartitionState(from, null, producerCapacity)
  for (const [producerId, producer] of checkpoint.producers) state.producers.restore(producerId, producer)
  return state
}

/** A state machine knows how far it has applied; that much was committed. */
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
  const commitIndex = trusted ? Math.min(machine.appliedIndex, log.lastIndex) : log.prevIndex
  const highWatermark = await offsetAfter(log, commitIndex)
  return new PartitionState({ commitIndex, highWatermark }, machine, producerCapacity)
}
