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
  it('M88 addresses given that no broker has, living brokers of the level above, and others that were given', () => {
    expect(sourceCandidates(choice()).sort()).toEqual(['h101', 'h102'])
    expect(sourceCandidates(choice({ cluster: null, known: ['h102', 'h101'] }))).toEqual(['h101', 'h102'])
    const [first, ...rest] = sourceCandidates(choice({ given: ['h1', 'proxy'] }))
    expect([first, rest.slice(0, 2).sort(), rest.slice(2)]).toEqual(['proxy', ['h101', 'h102'], ['h1']])
  })

  it('M89 a hundred brokers that lose their source together ask all others, each about as many', () => {
    const others = Array.from({ length: 9 }, (_, at) => broker(102 + at, 1))
    const asked = Array.from({ length: 100 }, (_, at) => {
      const lost = { self: 201 + 10 * at, given: ['h101', 'h102'], cluster: { ...cluster, brokers: others } }
      return sourceCandidates(choice(lost)).find((address) => address !== 'h101')
    })
    const counts = others.map(({ http }) => asked.filter((address) => address === http).length)
    expect(Math.max(...counts)).toBeLessThan(22)
    expect(Math.min(...counts)).toBeGreaterThan(3)
  })

  it('M89 a source that has fallen silent is asked last, also where it is given, known or chosen', () => {
    const lost = choice({ given: ['h101', 'h1'], known: ['h101'], pinned: 101, withoutMs: 10_000, silent: 'h101' })
    expect(sourceCandidates(lost)).toEqual(['h102', 'h1', 'h101'])
    expect(sourceCandidates({ ...lost, cluster: null, given: ['h101'] })).toEqual(['h101'])
  })

  it("M89 an operator's choice comes before all", () => {
    for (const pinned of [101, 102]) expect(sourceCandidates(choice({ pinned }))[0]).toBe(`h${pinned}`)
  })

  it('M88 only after a while brokers further up, and never one of its own level or below', () => {
    expect(sourceCandidates(choice({ withoutMs: 9_999 }))).not.toContain('h1')
    expect(sourceCandidates(choice({ withoutMs: 10_000 })).at(-1)).toBe('h1')
  })

  it('M88 knows only the addresses given before its first source', () => {
    expect(sourceCandidates(choice({ home: 0, cluster: null, withoutMs: 60_000 }))).toEqual(['h101'])
  })

  it('M88 remembers living brokers of the level above', () => {
    expect(fitSources(cluster, 2, 201).sort()).toEqual(['h101', 'h102'])
  })
})
