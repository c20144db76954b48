import type { LogIndex, Offset } from '@tailrace/schemas'
import type { GroupLog, StateStore } from '../log/types.ts'
import type { RaftStart } from '../raft/config.ts'
import { loadCheckpoint } from './checkpoint.ts'
import { PartitionState } from './partition-state.ts'
import type { GroupSpec } from './types.ts'

const READ_BYTES = 1 << 20

export interface Recovered {
  readonly raft: RaftStart
  readonly state: PartitionState
}

/**
 * Brings a replica's derived state back: the checkpoint, then every entry after it as not yet committed; a leader's commit index decides
 * about those (M36). Reads at most what was appended since the last checkpoint.
 */
export async function recoverReplica(
  log: GroupLog,
  store: StateStore,
  spec: GroupSpec,
  producerCapacity: number,
): Promise<Recovered> {
  const state =
    spec.stateMachine === null
      ? await fromCheckpoint(log, store, spec, producerCapacity)
      : await fromMachine(log, spec, producerCapacity)
  const commitHint = state.commitIndex
  while (state.appendedIndex < log.lastIndex) {
    const run = await log.readEntries(state.appendedIndex + 1, READ_BYTES)
    if (run.headers.length === 0)
      throw new Error(`group ${log.group}: entry ${state.appendedIndex + 1} is missing from the log`)
    for (let at = 0; at < run.headers.length; at += 1) state.appended(run.headers[at]!, run.payloads[at]!)
  }
  return {
    state,
    raft: {
      hardState: log.hardState,
      prevIndex: log.prevIndex,
      prevTerm: log.prevTerm,
      lastIndex: log.lastIndex,
      nextOffset: log.endOffset,
      terms: log.terms,
      commitHint,
    },
  }
}

async function fromCheckpoint(
  log: GroupLog,
  store: StateStore,
  spec: GroupSpec,
  producerCapacity: number,
): Promise<PartitionState> {
  const checkpoint = await loadCheckpoint(store, spec.group)
  if (checkpoint === null || checkpoint.commitIndex > log.lastIndex || checkpoint.commitIndex < log.prevIndex) {
    return new PartitionState({ commitIndex: log.prevIndex, highWatermark: log.startOffset }, null, producerCapacity)
  }
  const state = new PartitionState(checkpoint, null, producerCapacity)
  for (const [producerId, producer] of checkpoint.producers) state.producers.restore(producerId, producer)
  return state
}

/** A state machine knows how far it has applied; that much was committed. */
async function fromMachine(log: GroupLog, spec: GroupSpec, producerCapacity: number): Promise<PartitionState> {
  const applied = Math.min(spec.stateMachine!.appliedIndex, log.lastIndex)
  const commitIndex = Math.max(applied, log.prevIndex)
  const highWatermark = await offsetAfter(log, commitIndex)
  return new PartitionState({ commitIndex, highWatermark }, spec.stateMachine, producerCapacity)
}

async function offsetAfter(log: GroupLog, index: LogIndex): Promise<Offset> {
  if (index <= log.prevIndex) return log.startOffset
  const run = await log.readEntries(index, 1)
  const header = run.headers[0]
  if (header === undefined) throw new Error(`group ${log.group}: entry ${index} is missing from the log`)
  return header.lastOffset + 1
}
