import type { Offset } from '@tailrace/schemas'
import { Finding } from '../finding.ts'
import type { PartitionLedger } from '../workload/partition-ledger.ts'
import type { World } from '../world.ts'
import type { SimCascade } from './sim-cascade.ts'

const READ_BYTES = 100_000
const READ_MS = 6_000
const MOST_FAILURES = 5
const PAUSE_MS = 300

/** Reads all that a cascade broker has of a partition, up to `end`. @throws Finding when that is not possible */
export async function readCopy(world: World, cascade: SimCascade, ledger: PartitionLedger, end: Offset): Promise<void> {
  const { topic, partition } = ledger
  let offset = cascade.copyOf(topic, partition)!.logStart
  for (let failures = 0; offset < end; ) {
    const request = { offset, maxBytes: READ_BYTES, waitMs: 0 }
    try {
      const result = await world.call(cascade, ({ api }) => api.fetch(topic, partition, request), READ_MS)
      world.shown(ledger, offset, result)
      if (result.nextOffset <= offset) throw new Error('nothing there')
      offset = result.nextOffset
    } catch (error) {
      const where = `cascade broker ${cascade.id}, ${topic}/${partition} at ${offset}`
      if (++failures > MOST_FAILURES) throw new Finding('same-bytes-over-levels', `${where}: ${error}`)
      await world.pause(PAUSE_MS)
    }
  }
}
