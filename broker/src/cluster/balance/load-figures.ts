import type { BrokerId, GroupId, HoldingFields, ReplicaLoadFields } from '@tailrace/schemas'
import type { LoadFigures } from '../metadata/placed-load.ts'

/** A rate that has been measured before counts this much beside the new one, so that a short burst moves nothing. */
const KEPT = 0.7

interface Seen extends ReplicaLoadFields {
  /** Null: seen once only. */
  readonly rate: number | null
}

/**
 * Makes figures of what brokers tell from time to time. Bytes a second follow from the records that were published
 * between two looks and the mean size of those that the log holds.
 */
export class LoadHistory {
  #seen = new Map<GroupId, Seen>()
  #atMs: number | null = null

  /** `atMs`: monotonic. */
  take(loads: ReadonlyMap<BrokerId, HoldingFields>, atMs: number): LoadFigures {
    const seconds = this.#atMs === null ? 0 : (atMs - this.#atMs) / 1000
    const seen = new Map<GroupId, Seen>()
    for (const [group, newest] of newestOf(loads)) {
      const before = this.#seen.get(group)
      seen.set(group, { ...newest, rate: before === undefined ? null : rateOf(before, newest, seconds) })
    }
    this.#seen = seen
    this.#atMs = atMs
    return {
      brokers: new Map([...loads].map(([id, load]) => [id, { roomBytes: roomOf(load) }])),
      partitions: new Map([...seen].map(([group, { bytes, rate }]) => [group, { bytes, bytesPerSecond: rate ?? 0 }])),
    }
  }
}

/** Of several replicas the one that knows most records. */
function newestOf(loads: ReadonlyMap<BrokerId, HoldingFields>): Map<GroupId, ReplicaLoadFields> {
  const newest = new Map<GroupId, ReplicaLoadFields>()
  for (const { replicas } of loads.values()) {
    for (const replica of replicas) {
      const known = newest.get(replica.group)
      const differs = replica.highWatermark - (known?.highWatermark ?? -1)
      if (differs > 0 || (differs === 0 && replica.bytes > known!.bytes)) newest.set(replica.group, replica)
    }
  }
  return newest
}

function rateOf(before: Seen, { bytes, logStart, highWatermark }: ReplicaLoadFields, seconds: number): number {
  if (seconds <= 0) return before.rate ?? 0
  const kept = highWatermark - logStart
  const published = Math.max(0, highWatermark - before.highWatermark)
  const rate = kept <= 0 ? 0 : (published * bytes) / kept / seconds
  return before.rate === null ? rate : KEPT * before.rate + (1 - KEPT) * rate
}

/** Copies may take what is free down to twice the reserve: beyond it the broker would soon refuse publishes. */
function roomOf({ freeBytes, reserveBytes }: HoldingFields): number {
  return Math.max(0, freeBytes - 2 * reserveBytes)
}
