import type { Offset, PartitionNumber, Position } from '@tailrace/schemas'
import type { RetryPause } from '../limits/retry-pause.ts'

/** How far a subscription has come in one partition. */
export interface PartitionReader {
  readonly partition: PartitionNumber
  readonly position: Position
  readonly pause: RetryPause
  /** Next to send; meaningful once the position is resolved. */
  offset: Offset
  highWatermark: Offset
  resolved: boolean
  /** This broker's own replica could not answer the last request. */
  askLeader: boolean
  /** queued: waits for its turn. busy: a request is in flight. pausing: until the next attempt. ended: permanently. */
  state: 'queued' | 'busy' | 'pausing' | 'ended'
  /** Credit set aside for the fetch in flight; 0 for one that waits at the end of the log. */
  reserved: number
}

export function newReader(partition: PartitionNumber, position: Position, pause: RetryPause): PartitionReader {
  const start = {
    offset: 0,
    highWatermark: 0,
    resolved: false,
    askLeader: false,
    state: 'pausing',
    reserved: 0,
  } as const
  return { partition, position, pause, ...start }
}
