import { describe, expect, it } from 'vitest'
import type { ConsumerGroupBeat } from '../../api/consumer-groups-api.ts'
import { Takeovers } from './takeovers.ts'

const beat = (member: string, epoch: number, more: Partial<ConsumerGroupBeat> = {}): ConsumerGroupBeat => ({
  kind: 'beat',
  group: 'billing',
  member,
  epoch,
  clientId: '',
  instance: 'pod-1',
  rack: '',
  sessionMs: 10_000,
  waitMs: 0,
  subscribed: epoch === 0 ? { topics: ['flights'], patterns: [] } : null,
  owned: [],
  stuck: [],
  ...more,
})

describe('takeovers of an instance', () => {
  it('need a beat that has heard the answer to the first one, and join with what that subscribed to', () => {
    const takeovers = new Takeovers()
    expect(takeovers.confirmed(beat('b', 0))).toBeUndefined()
    takeovers.ask(beat('b', 0), 7)
    expect(takeovers.confirmed(beat('b', 0))).toBeUndefined()
    expect(takeovers.confirmed(beat('b', 6))).toBeUndefined()
    expect(takeovers.confirmed(beat('b', 7, { instance: 'pod-2' }))).toBeUndefined()
    expect(takeovers.confirmed(beat('b', 7, { group: 'audit' }))).toBeUndefined()
    expect(takeovers.confirmed(beat('c', 7))).toBeUndefined()
    const confirmed = takeovers.confirmed(beat('b', 7))
    expect(confirmed?.subscribed).toEqual({ topics: ['flights'], patterns: [] })
    // What could not be committed is tried with the same beat again, until it has joined.
    expect(takeovers.confirmed(beat('b', 7))).toEqual(confirmed)
    takeovers.done(confirmed!)
    expect(takeovers.confirmed(beat('b', 7))).toBeUndefined()
  })

  it('are kept for the process of an instance that has asked last', () => {
    const takeovers = new Takeovers()
    takeovers.ask(beat('b', 0), 7)
    takeovers.ask(beat('c', 0), 7)
    expect(takeovers.confirmed(beat('b', 7))).toBeUndefined()
    takeovers.done(beat('b', 7))
    expect(takeovers.confirmed(beat('c', 7))).toBeDefined()
  })
})
