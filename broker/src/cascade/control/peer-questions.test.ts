import { METADATA_GROUP } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import type { PeerHandlers, Peers } from '../../partition/peers.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import type { LevelZeroControlDeps } from './level-zero-control.ts'
import { levelZeroControlOver, withCascade } from './peer-questions.ts'

const nothing = new Uint8Array()

/** Handlers that note their calls and give back their names; broker 9 is not heard. */
function handlersThatNote(calls: string[]): PeerHandlers {
  const note = (name: string, value?: unknown) => {
    return (...parts: unknown[]) => {
      calls.push(`${name} ${JSON.stringify(parts)}`)
      return value ?? name
    }
  }
  return {
    hears: (from: number, group: number) => {
      note('hears')(from, group)
      return from !== 9
    },
    request: async (...parts: unknown[]) => note('request', { fields: {}, body: [] })(...parts),
    ...Object.fromEntries(['raft', 'tooLarge', 'leaders', 'told', 'link', 'admit'].map((name) => [name, note(name)])),
  } as unknown as PeerHandlers
}

describe('questions about cascade brokers', () => {
  const admin = (operation: string) => ({ correlation: 0, operation, json: '{"about":"status"}' })
  const control = { answer: async (json: string) => `answer to ${json}` }

  it('are answered by the control, to brokers that are heard in the metadata group', async () => {
    const calls: string[] = []
    const handlers = withCascade(handlersThatNote(calls), control)
    expect(await handlers.request(2, 'Admin', admin('cascade'), nothing)).toEqual({
      fields: { json: 'answer to {"about":"status"}' },
      body: [],
    })
    await expect(handlers.request(9, 'Admin', admin('cascade'), nothing)).rejects.toMatchObject({ code: 'NOT_READY' })
    expect(calls).toEqual([`hears [2,${METADATA_GROUP}]`, `hears [9,${METADATA_GROUP}]`])
  })

  it('are all that is taken out: whatever else peers say goes where it went', async () => {
    const calls: string[] = []
    const handlers = withCascade(handlersThatNote(calls), control)
    await handlers.request(9, 'Admin', admin('metadata'), nothing)
    await handlers.request(9, 'InitProducer', { correlation: 0 }, nothing)
    const others: [keyof PeerHandlers, unknown[]][] = [
      ['raft', [1, {}, []]],
      ['tooLarge', [1, 2, 3]],
      ['leaders', [1, []]],
      ['told', [1, 'NodeBeat', {}]],
      ['link', [1, true]],
      ['admit', [{}]],
    ]
    for (const [name, parts] of others) (handlers[name] as (...parts: unknown[]) => void)(...parts)
    const told = others.map(([name, parts]) => `${name} ${JSON.stringify(parts)}`)
    expect(calls.slice(2)).toEqual(told)
    expect(calls.slice(0, 2).every((call) => call.startsWith('request [9,'))).toBe(true)
  })

  it('go to the metadata leader from a broker that is another', async () => {
    const asked: unknown[] = []
    const request = async (...parts: unknown[]) => {
      asked.push(parts.slice(0, 3))
      return { fields: { json: '{"brokers":[]}' }, body: nothing }
    }
    const api = { brokerId: 1, describeCluster: async () => ({ metadataLeader: 2, brokers: [] }) }
    const top = levelZeroControlOver(
      { request } as unknown as Peers,
      api as unknown as LevelZeroControlDeps['api'],
      new ManualClock(),
    )
    expect(await top.status()).toEqual({ brokers: [] })
    expect(asked).toEqual([[2, 'Admin', { operation: 'cascade', json: '{"about":"status"}' }]])
  })
})
