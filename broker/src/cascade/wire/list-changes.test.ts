import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { BrokerDescription } from '../../api/broker-api.ts'
import { HeardList, SentList } from './list-changes.ts'

const broker = (id: number, change: Partial<BrokerDescription> = {}): BrokerDescription => {
  return { id, http: `h${id}`, peer: '', level: id < 100 ? 0 : 1, alive: true, pid: 0, ...change }
}

describe('the list of brokers in an answer', () => {
  it('is told once, and then what has changed in it', () => {
    const [sent, heard] = [new SentList(), new HeardList()]
    const tell = (...brokers: BrokerDescription[]) => {
      const told = sent.next(brokers, heard.number)
      const list = heard.take(told)
      return { told: told.brokers.map(({ id }) => id), gone: told.gone, list }
    }
    const features = (highest: number) => ({ featureLevels: { lowest: 1, highest } })
    expect(tell(broker(1), broker(101)).told).toEqual([1, 101])
    const before = heard.number
    const unchanged = tell(broker(1), broker(101))
    expect([unchanged.told, unchanged.gone, heard.number]).toEqual([[], [], before])
    expect(tell(broker(1), broker(101)).list).toBe(unchanged.list)
    expect(tell(broker(1), broker(101, features(2)), broker(7)).told).toEqual([101, 7])
    const last = tell(broker(7), broker(101, features(2)), broker(102, { alive: false }))
    expect([last.told, last.gone]).toEqual([[102], [1]])
    expect(last.list).toEqual([broker(7), broker(101, features(2)), broker(102, { alive: false })])
  })

  it('tells a load that has changed slightly only when that adds up', () => {
    const sent = new SentList()
    const first = sent.next([broker(101, { load: { connections: 1_000, lagMs: 0, ready: true } })], 0).list
    const isTold = (connections: number, lagMs: number, ready = true) =>
      sent.next([broker(101, { load: { connections, lagMs, ready } })], first).list !== first
    expect([isTold(1_060, 900), isTold(1_125, 1_000), isTold(875, 0)]).toEqual([false, false, false])
    expect(isTold(1_126, 0)).toBe(true)
  })

  it('is whole for a broker of a version that takes no changes, and for one that has missed an answer', () => {
    const sent = new SentList()
    expect(sent.next([broker(1)], -1)).toEqual({ list: 0, listAfter: 0, brokers: [broker(1)], gone: [] })
    const first = sent.next([broker(1)], 0)
    sent.next([broker(1), broker(2)], first.list)
    expect(sent.next([broker(1), broker(2), broker(3)], first.list)).toMatchObject({
      listAfter: 0,
      brokers: [broker(1), broker(2), broker(3)],
    })
  })

  it('that continues no other is refused', () => {
    const heard = new HeardList()
    heard.take({ list: 3, listAfter: 0, brokers: [broker(1)], gone: [] })
    expect(() => heard.take({ list: 5, listAfter: 4, brokers: [], gone: [1] })).toThrow(
      expect.objectContaining({ code: 'INCOMPATIBLE_PEER' }),
    )
  })

  it('is understood as it is, through any history of changes and lost answers', () => {
    const states = fc.array(fc.constantFrom('up', 'down', 'gone'), { minLength: 8, maxLength: 8 })
    const step = fc.tuple(states, fc.boolean())
    fc.assert(
      fc.property(fc.array(step, { maxLength: 15 }), (steps) => {
        const [sent, heard] = [new SentList(), new HeardList()]
        for (const [states, arrives] of steps) {
          const brokers = states.flatMap((state, at) =>
            state === 'gone' ? [] : [broker(at < 2 ? at + 1 : 99 + at, { alive: state === 'up' })],
          )
          const told = sent.next(brokers, heard.number)
          if (arrives) expect(heard.take(told)).toEqual(brokers)
        }
      }),
    )
  })
})
