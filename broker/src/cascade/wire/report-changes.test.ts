import { type CascadeReport, encodeFrame, type Message, parseFrame } from '@tailrace/schemas'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { HeardReports, SentReports } from './report-changes.ts'

function report(broker: number, change: Partial<CascadeReport> = {}): CascadeReport {
  const own = { broker, directoryId: `d${broker}`, http: `h${broker}:7100`, level: 2, home: 2, source: 101, pinned: 0 }
  const lag = { lagRecords: 0, lagBytes: 0, lagMs: 0, partitions: 1, stopped: 0, ageMs: 0 }
  const rest = { featureLevels: { lowest: 1, highest: 2 }, condition: null, overtaken: 0, missedRecords: 0 }
  const place = { rack: '', connections: 40, clientBytesPerSecond: 0 }
  return { ...own, ...lag, ...rest, ...place, ...change }
}

const many = (count: number, change: Partial<CascadeReport> = {}): CascadeReport[] =>
  Array.from({ length: count }, (_, at) => report(at === 0 ? 101 : 200 + at, change))

/** A sender and the other end. `tell` sends a beat with these reports, and gives the fields and what was understood. */
function pair() {
  const [sent, heard] = [new SentReports(), new HeardReports()]
  const tell = (reports: readonly CascadeReport[], outcome: 'answered' | 'no answer' | 'not sent' = 'answered') => {
    const { beat, fields } = sent.next(reports)
    if (outcome === 'not sent') return { fields, understood: [] }
    const frame = encodeFrame('CascadeBeat', { correlation: 1, clusterId: 'c', broker: 101, ...fields })
    const told = parseFrame(Uint8Array.from(Buffer.concat(frame))).fields as Message<'CascadeBeat'>
    const understood = heard.take(told)
    if (outcome === 'answered') sent.taken(beat, heard.taken)
    return { fields, understood, bytes: Buffer.concat(frame).length }
  }
  return { sent, heard, tell }
}

const told = (reports: readonly CascadeReport[]) => reports.map(({ broker }) => broker)

describe('the reports of a beat', () => {
  it('of a thousand brokers that have not changed are few, and each broker has its turn', () => {
    const { tell } = pair()
    const whole = tell(many(1_001)).bytes!
    const again = tell(many(1_001, { ageMs: 900, lagRecords: 7 }))
    expect([again.fields.reports.length, again.fields.ages.length]).toEqual([17, 984])
    expect(again.bytes).toBeLessThan(whole / 20)
    const turns = new Set<number>(told(again.fields.reports))
    for (let beat = 0; beat < 62; beat++)
      for (const broker of told(tell(many(1_001, { lagRecords: 7 })).fields.reports)) turns.add(broker)
    expect(turns.size).toBe(1_001)
  })

  it('are told at once where what decides has changed, or a lag has grown or shrunk a lot', () => {
    const { tell } = pair()
    const all = many(101)
    for (let beat = 0; beat < 8; beat++) tell(all)
    const condition = {
      ready: false,
      reason: '',
      writable: true,
      freeBytes: 1,
      reserveBytes: 1,
      secondsUntilFull: null,
    }
    const sound = { ...condition, checksumFailures: 0, quarantined: 0, stopped: 0 }
    const changes: Partial<CascadeReport>[] = [
      { source: 102 },
      { level: 3 },
      { pinned: 102 },
      { stopped: 1 },
      { lagMs: 1_001 },
      { connections: 91 },
      { clientBytesPerSecond: 2_000_000 },
      { rack: 'b' },
      { condition: sound },
      { featureLevels: { lowest: 2, highest: 3 } },
    ]
    let now = all
    for (const [at, change] of changes.entries()) {
      // Of those that were told last, so that their turn does not hide it.
      const broker = 300 - at
      now = now.map((one) => (one.broker === broker ? { ...one, ...change } : one))
      const { fields, understood } = tell(now)
      expect(told(fields.reports), JSON.stringify(change)).toContain(broker)
      expect(understood.find((one) => one.broker === broker)).toMatchObject(change)
    }
    const rates = { clientBytesPerSecond: 1_000_000, sentBytesPerSecond: 2 ** 40, copiedBytesPerSecond: 2 ** 30 }
    const slight = { lagMs: 999, lagRecords: 5, connections: 90, ...rates }
    const calm = now.map((one) => (one.broker === 250 ? { ...one, ...slight } : one))
    expect(told(tell(calm).fields.reports)).not.toContain(250)
  })

  it('are whole at first, for a source that takes no changes, and behind a beat that nobody has confirmed', () => {
    const { sent, tell } = pair()
    const isWhole = (outcome: 'answered' | 'no answer' | 'not sent' = 'answered') => {
      const { fields } = tell(many(40), outcome)
      return fields.after === 0 && fields.reports.length === 40
    }
    expect([isWhole(), isWhole('no answer'), isWhole('not sent'), isWhole()]).toEqual([true, false, true, true])
    expect(isWhole()).toBe(false)
    const { beat } = sent.next(many(40))
    sent.taken(beat, 0)
    expect(isWhole()).toBe(true)
    const late = sent.next(many(40)).beat
    isWhole()
    sent.taken(late, 9)
    expect(isWhole()).toBe(false)
  })

  it('that continue no others are refused', () => {
    const { heard, tell } = pair()
    tell(many(3))
    const fields = { correlation: 1, clusterId: 'c', broker: 101, reports: many(1), gone: [] }
    for (const wrong of [
      { after: 2, ages: [0, 0] },
      { after: 1, ages: [0] },
      { after: 1, ages: [0, -1] },
    ]) {
      expect(() => heard.take({ ...fields, ...wrong })).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    }
    expect(told(heard.take({ ...fields, after: 1, ages: [3, 4] }))).toEqual([101, 201, 202])
  })

  it('are understood as they are, through any history of changes and lost answers', () => {
    const broker = fc.record({
      source: fc.integer({ min: 101, max: 104 }),
      lagMs: fc.constantFrom(0, 500, 5_000, 20_000),
      ageMs: fc.integer({ min: 0, max: 5_000 }),
      isThere: fc.boolean(),
    })
    const beat = fc.record({
      brokers: fc.array(broker, { minLength: 40, maxLength: 40 }),
      outcome: fc.constantFrom('answered', 'answered', 'answered', 'no answer', 'not sent'),
    })
    fc.assert(
      fc.property(fc.array(beat, { maxLength: 12 }), (beats) => {
        const { tell } = pair()
        for (const { brokers, outcome } of beats) {
          const below = brokers.flatMap(({ isThere, ...change }, at) => (isThere ? [report(201 + at, change)] : []))
          const { fields, understood } = tell([report(101), ...below], outcome as 'answered')
          if (outcome === 'not sent') continue
          expect(understood[0]).toMatchObject(report(101))
          const others = understood.slice(1).sort((a, b) => a.broker - b.broker)
          expect(told(others)).toEqual(told(below))
          const exact = new Set(told(fields.reports))
          for (const [at, one] of below.entries()) {
            const other = others[at]!
            if (exact.has(one.broker)) expect(other).toMatchObject(one)
            else expect(other).toMatchObject({ source: one.source, ageMs: Math.ceil(one.ageMs / 100) * 100 })
            expect(Math.abs(other.lagMs - one.lagMs)).toBeLessThanOrEqual(Math.max(1_000, other.lagMs / 2))
          }
        }
      }),
      { numRuns: 200 },
    )
  })
})
