import { EntryKind } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { committedLogsConformance } from '../../../../test/conformance/committed-logs.ts'
import { recordsBatch } from '../../../../test/conformance/log-writer.ts'
import { settled } from '../../platform/testing/clock.ts'
import { promptClock } from '../../platform/testing/prompt-clock.ts'
import type { CommittedLog } from '../committed-logs.ts'
import { MemoryLogs } from './memory-logs.ts'

const much = 2 ** 30
const KiB = 1024

describe('logs in memory', () => {
  committedLogsConformance(async () => ({ logs: new MemoryLogs(promptClock, much), dispose: async () => {} }))
})

/** One batch of about a KiB. */
function append(log: CommittedLog, ticket: number): void {
  const batch = recordsBatch(log.endOffset, 1, 1, KiB, 0)
  const header = { index: log.lastIndex + 1, term: 1, kind: EntryKind.Records, bytes: batch.length }
  const entries = [{ ...header, baseOffset: log.endOffset, lastOffset: log.endOffset }]
  log.write({ hardState: null, truncateFrom: null, entries, payloads: [batch], ticket })
}

describe('the bound', () => {
  it('holds: the oldest batches of the largest logs go, whole, and the earliest offset moves', async () => {
    const limit = 1024 * KiB
    const logs = new MemoryLogs(promptClock, limit)
    const [busy, quiet, other] = [1, 2, 3].map((id) => logs.create(id)) as [CommittedLog, CommittedLog, CommittedLog]
    for (let n = 1; n <= 50; n++) append(quiet, n)
    for (let n = 1; n <= 3000; n++) {
      append(busy, n)
      if (n % 6 === 0) append(other, n)
      if (n % 40 === 0) await settled()
      expect(logs.metrics.tailBytes).toBeLessThanOrEqual(limit)
    }
    await settled()
    expect(logs.metrics.tailBytes).toBeGreaterThan(0.8 * limit)
    expect(logs.usage.freeBytes).toBe(limit - logs.metrics.tailBytes)
    expect(quiet.startOffset).toBe(0)
    for (const log of [busy, other]) {
      expect(log.startOffset).toBeGreaterThan(0)
      expect(log.sizeBytes).toBeGreaterThan(0.25 * limit)
      const { batches, nextOffset } = await log.readRecords(log.startOffset, log.endOffset, 1)
      expect([batches.length, nextOffset]).toEqual([1, log.startOffset + 1])
    }
    expect([busy.endOffset, other.endOffset]).toEqual([3000, 500])
  })

  it('holds where a batch for each log is more than all may have', async () => {
    const logs = new MemoryLogs(promptClock, 20 * KiB)
    const all = Array.from({ length: 40 }, (_, at) => logs.create(at + 1))
    for (const log of all) {
      append(log, 1)
      expect(logs.metrics.tailBytes).toBeLessThanOrEqual(20 * KiB)
    }
    await settled()
    expect(all.map(({ endOffset }) => endOffset)).toEqual(all.map(() => 1))
  })
})
