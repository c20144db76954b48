import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it, test } from 'vitest'
import { outcomeOf } from '../../partition/testing/test-world.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import type { CascadeIdentity } from './identity.ts'
import type { SourceSession } from './source-session.ts'
import { Uplink } from './uplink.ts'

function broker(open: (address: string) => Promise<SourceSession>, given = ['a:1']) {
  const clock = new ManualClock()
  const fields = { known: [], home: 1, pinned: 0, clusterId: 'c' }
  const identity = { fields, change: async () => {} } as unknown as CascadeIdentity
  const logger = { info: () => {}, warn: () => {}, error: () => {} }
  const deps = { clock, identity, logger, random: seededRandom(1), brokerId: 101, given, open }
  return { clock, uplink: new Uplink(deps), pass: (ms: number) => clock.advance(ms) }
}

function sessionOf(source: number): SourceSession {
  const reply = { level: 0, ancestors: [source], clusterId: 'c', assignments: [], cluster: { brokers: [] } }
  const parts = { source, address: 'a:1', reply, start: async () => {}, close: () => {} }
  return parts as unknown as SourceSession
}

test('M89 a source that has fallen silent is asked last, and one that was lost otherwise in its turn', async () => {
  const opened: string[] = []
  const sessions: SourceSession[] = []
  const open = async (address: string) => {
    opened.push(address)
    const session = { ...sessionOf(opened.length), address, fellSilent: false } as SourceSession
    sessions.push(session)
    return session
  }
  const { uplink, pass } = broker(open, ['a:1', 'b:1'])
  uplink.start()
  await pass(10)
  const [first] = opened
  const lose = async (fellSilent: boolean) => {
    const last = sessions.at(-1)!
    Object.assign(last, { fellSilent })
    last.onLost(new TailraceError('CONNECTION_LOST'))
    await pass(10)
  }
  await lose(true)
  await lose(false)
  expect([opened[1] === first, opened[2] === first]).toEqual([false, true])
})

describe('a request that needs a source', () => {
  it('waits for it so long, and no longer', async () => {
    const { uplink, pass } = broker(() => Promise.reject(new Error('refused')))
    uplink.start()
    const waiting = outcomeOf(uplink.whenSession(500))
    await pass(499)
    expect(waiting.state).toBe('pending')
    await pass(2)
    expect(waiting).toMatchObject({ state: 'failed', code: 'LEADER_UNAVAILABLE' })
  })

  it('gets it as soon as there is one', async () => {
    let answers = false
    const { uplink, pass } = broker(() => (answers ? Promise.resolve(sessionOf(3)) : Promise.reject(new Error('no'))))
    uplink.start()
    const waiting = outcomeOf(uplink.whenSession(60_000))
    await pass(300)
    answers = true
    await pass(5_000)
    expect(waiting).toMatchObject({ state: 'done', value: { source: 3 } })
    expect(uplink.level).toBe(0)
    expect(uplink.changes).toBe(1)
  })

  it('is told when the broker shuts down', async () => {
    const { uplink, pass } = broker(() => Promise.reject(new Error('refused')))
    const waiting = outcomeOf(uplink.whenSession(500))
    uplink.close()
    await pass(1)
    expect(waiting).toMatchObject({ state: 'failed', code: 'SHUTTING_DOWN' })
  })
})
