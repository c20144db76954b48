import { describe, expect, it } from 'vitest'
import { ancestorsOf, checkAssignment, sourcesOf } from './chain.ts'

const links = [
  { broker: 101, source: 1 },
  { broker: 201, source: 101 },
  { broker: 301, source: 201 },
]
const level0 = new Set([1, 2])
const refusal = (broker: number, source: number) => () => checkAssignment(broker, source, links, level0)

describe('which broker may copy from which', () => {
  it('M88 ancestors go up to level 0, and end where a chain closes a cycle', () => {
    expect(ancestorsOf(301, sourcesOf(links))).toEqual([301, 201, 101, 1])
    const cycle = [
      { broker: 7, source: 8 },
      { broker: 8, source: 7 },
    ]
    expect(ancestorsOf(7, sourcesOf(cycle))).toEqual([7, 8])
  })

  it('M89 a cycle is refused: itself, what copies from it, and what copies from that', () => {
    for (const source of [101, 201, 301])
      expect(refusal(101, source)).toThrowError(/CASCADE_CYCLE|cannot copy from itself/)
    expect(refusal(301, 101)).not.toThrow()
    expect(refusal(201, 2)).not.toThrow()
    expect(refusal(201, 0)).not.toThrow()
  })

  it('M89 unknown brokers are refused', () => {
    expect(refusal(999, 1)).toThrowError(/No cascade broker 999/)
    expect(refusal(201, 999)).toThrowError(/999 is not heard of/)
  })
})
