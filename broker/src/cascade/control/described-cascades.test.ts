import type { CascadeReport } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { describeCascades } from './described-cascades.ts'

const [sample] = sampleMessages.CascadeBeat.reports
const report = (broker: number, change: Partial<CascadeReport>): CascadeReport => ({ ...sample!, broker, ...change })

test('a broker is as far behind level 0 as its own lag and that of all it copies from', () => {
  const described = describeCascades([
    report(201, { level: 2, source: 101, lagMs: 30 }),
    report(101, { level: 1, source: 1, lagMs: 500, rack: '', topics: [] }),
    report(202, { level: 2, source: 0, lagMs: 7, connections: 3 }),
  ])
  expect(described.map(({ id, alive, load }) => [id, alive, load?.lagMs])).toEqual([
    [201, true, 530],
    [101, true, 500],
    [202, false, 7],
  ])
  expect(described.map(({ rack }) => rack)).toEqual(['east-1', undefined, 'east-1'])
  expect(described.map(({ topics }) => topics)).toEqual([sample!.topics, undefined, sample!.topics])
  expect(described[2]!.load).toEqual({ connections: 3, lagMs: 7, ready: sample!.condition!.ready })
})

test('a broker of an earlier version tells neither rack nor load, and two that copy from each other do no harm', () => {
  const { rack: _, connections: __, condition: ___, ...older } = report(101, { source: 102, lagMs: 5 })
  const [described] = describeCascades([older, report(102, { source: 101, lagMs: 8 })])
  expect(described).not.toHaveProperty('rack')
  expect(described!.load).toEqual({ connections: -1, lagMs: 13, ready: true })
})
