import { describe, expect, it } from 'vitest'
import { fitSources, type SourceChoice, sourceCandidates } from './source-choice.ts'

const broker = (id: number, level: number, alive = true) => ({ id, http: `h${id}`, peer: '', level, alive, pid: 0 })
const cluster = {
  clusterId: 'c',
  metadataLeader: 1,
  brokers: [broker(1, 0), broker(101, 1), broker(102, 1), broker(103, 1, false), broker(201, 2), broker(202, 2)],
}
const choice = (change: Partial<SourceChoice> = {}): SourceChoice => ({
  self: 201,
  given: ['h101'],
  known: [],
  cluster,
  home: 2,
  pinned: 0,
  withoutMs: 0,
  ...change,
})

describe('the brokers to ask to be the source', () => {
  it('M88 first the addresses given, then living brokers of the level above that were learnt', () => {
    expect(sourceCandidates(choice())).toEqual(['h101', 'h102'])
    expect(sourceCandidates(choice({ cluster: null, known: ['h102', 'h101'] }))).toEqual(['h101', 'h102'])
  })

  it("M89 an operator's choice comes before all", () => {
    expect(sourceCandidates(choice({ pinned: 102 }))).toEqual(['h102', 'h101'])
  })

  it('M88 only after a while brokers further up, and never one of its own level or below', () => {
    expect(sourceCandidates(choice({ withoutMs: 9_999 }))).not.toContain('h1')
    expect(sourceCandidates(choice({ withoutMs: 10_000 }))).toEqual(['h101', 'h102', 'h1'])
  })

  it('M88 knows only the addresses given before its first source', () => {
    expect(sourceCandidates(choice({ home: 0, cluster: null, withoutMs: 60_000 }))).toEqual(['h101'])
  })

  it('M88 remembers living brokers of the level above', () => {
    expect(fitSources(cluster, 2, 201)).toEqual(['h101', 'h102'])
  })
})
