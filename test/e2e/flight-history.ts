import type { Flight } from './flights.ts'

/** Where an acknowledgement said a row is. */
export interface Place {
  readonly partition: number
  readonly offset: number
}

/** A record as a reader saw it. */
export interface Seen extends Place {
  readonly key: string
  readonly value: string
}

/**
 * The acknowledgements of producers and the records of readers; `problems` judges it in the terms of the Jepsen Kafka
 * workload.
 */
export class FlightHistory {
  readonly #flights: Map<number, Flight>
  readonly #acknowledged = new Map<number, Place>()

  constructor(flights = new Map<number, Flight>()) {
    this.#flights = flights
  }

  sent(flight: Flight): void {
    this.#flights.set(flight.row, flight)
  }

  acknowledged(row: number, place: Place): void {
    this.#acknowledged.set(row, place)
  }

  get acknowledgements(): number {
    return this.#acknowledged.size
  }

  /** What is acknowledged now; of what is sent later it knows no acknowledgement, so it does not miss it. */
  untilNow(): FlightHistory {
    const copy = new FlightHistory(this.#flights)
    for (const [row, place] of this.#acknowledged) copy.acknowledged(row, place)
    return copy
  }

  /**
   * The problems of a reader that read all partitions: empty if it saw all records that must be there. `partitions` is
   * what it saw, in its order. Names of the anomalies: lost-write, duplicate, inconsistent-offsets, phantom, changed,
   * poll-skip, nonmonotonic-poll, reordered.
   */
  problems(reader: string, seen: readonly Seen[]): string[] {
    const problems: string[] = []
    const rowAt = new Map<string, number>()
    const placeOf = new Map<number, string>()
    const nextOffset = new Map<number, number>()
    const lastRowOfKey = new Map<string, number>()
    for (const record of seen) {
      const place = `${record.partition}/${record.offset}`
      const { row } = JSON.parse(record.value) as { row: number }
      const flight = this.#flights.get(row)
      if (flight === undefined) problems.push(`phantom: ${place} holds row ${row}, which no producer sent`)
      else if (flight.value !== record.value || flight.key !== record.key)
        problems.push(`changed: row ${row} at ${place}`)
      const expected = nextOffset.get(record.partition) ?? 0
      if (record.offset > expected) problems.push(`poll-skip: ${place} after ${expected - 1}`)
      if (record.offset < expected) problems.push(`nonmonotonic-poll: ${place} after ${expected - 1}`)
      nextOffset.set(record.partition, record.offset + 1)
      if (placeOf.has(row)) problems.push(`duplicate: row ${row} at ${placeOf.get(row)} and ${place}`)
      placeOf.set(row, place)
      rowAt.set(place, row)
      const before = lastRowOfKey.get(record.key) ?? -1
      if (row < before) problems.push(`reordered: key ${record.key}: row ${row} after ${before}`)
      lastRowOfKey.set(record.key, row)
    }
    for (const [row, place] of this.#acknowledged) {
      const found = rowAt.get(`${place.partition}/${place.offset}`)
      if (found === undefined)
        problems.push(`lost-write: row ${row}, acknowledged at ${place.partition}/${place.offset}`)
      else if (found !== row) problems.push(`inconsistent-offsets: row ${row} was acknowledged where row ${found} is`)
    }
    return problems.slice(0, 20).map((problem) => `${reader}: ${problem}`)
  }
}
