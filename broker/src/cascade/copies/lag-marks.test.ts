import { describe, expect, it } from 'vitest'
import { LagMarks } from './lag-marks.ts'

describe('time behind the source', () => {
  it('M88 counts from when the oldest missing record was announced, also under constant traffic', () => {
    const marks = new LagMarks()
    expect(marks.behindMs(5)).toBe(0)
    marks.heard(10, 100)
    marks.heard(20, 200)
    expect(marks.behindMs(300)).toBe(200)
    marks.reached(15)
    expect(marks.behindMs(300)).toBe(100)
    marks.reached(20)
    expect(marks.behindMs(300)).toBe(0)
  })

  it('M88 is bounded, and never too small', () => {
    const marks = new LagMarks()
    for (let at = 1; at <= 1000; at++) marks.heard(at * 10, at)
    expect(marks.behindMs(1000)).toBe(999)
    marks.reached(9_990)
    // The last of 32 marks, of time 32, stands for all later ones.
    expect(marks.behindMs(1000)).toBe(968)
    marks.reached(10_000)
    expect(marks.behindMs(2000)).toBe(0)
  })
})
