import { expect, it } from 'vitest'
import type { Logger } from '../../../platform/logger.ts'
import type { RaftCore } from '../../../raft/core.ts'
import type { RaftMessage } from '../../../raft/messages.ts'
import type { PartitionMetrics } from '../../metrics.ts'
import { TermWatch } from './term-watch.ts'

it('a message of an impossible term is refused and counted, and its sender told of once a group', () => {
  const metrics = { implausibleTerms: 0 }
  const told: object[] = []
  const logger = { error: (fields: object) => told.push(fields) } as unknown as Logger
  const watch = new TermWatch(metrics as PartitionMetrics, logger)
  const core = { term: 5, isPlausibleTerm: (term: number) => term < 100 } as unknown as RaftCore
  const refuses = (group: number, from: number, term: number) =>
    watch.refuses(group, core, { from, term } as RaftMessage)
  expect(refuses(1, 2, 99)).toBe(false)
  expect([metrics.implausibleTerms, told.length]).toEqual([0, 0])
  const refused = [refuses(1, 2, 100), refuses(1, 2, 101), refuses(1, 3, 100), refuses(2, 2, 100)]
  expect([refused, metrics.implausibleTerms]).toEqual([[true, true, true, true], 4])
  expect(told).toEqual([
    { group: 1, from: 2, theirs: 100, ours: 5 },
    { group: 1, from: 3, theirs: 100, ours: 5 },
    { group: 2, from: 2, theirs: 100, ours: 5 },
  ])
})
