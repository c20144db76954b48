import { beforeEach, expect, test } from 'vitest'
import type { ConsumerGroupBeat, ConsumerGroupRequest, ConsumerGroupsApi } from '../../api/consumer-groups-api.ts'
import { CarriedBeats } from './carried-beats.ts'

let told: ConsumerGroupRequest[]
let beats: CarriedBeats
const api = {
  ask: (request: ConsumerGroupRequest) => {
    told.push(request)
    return Promise.reject(new Error('nobody coordinates'))
  },
} as unknown as ConsumerGroupsApi

const beat = (member: string, more: Partial<ConsumerGroupBeat> = {}): ConsumerGroupBeat => ({
  kind: 'beat',
  group: 'g',
  member,
  epoch: 7,
  clientId: 'loader',
  instance: '',
  rack: '',
  sessionMs: 10_000,
  waitMs: 3000,
  subscribed: { topics: ['t'], patterns: [] },
  owned: [{ topicId: 'i', partition: 1, token: 5 }],
  stuck: [],
  number: 1,
  ...more,
})

beforeEach(() => {
  told = []
  beats = new CarriedBeats('3.c7')
})

test('each beat says on which connection it has come, and the end is told of each member once', () => {
  expect(beats.carry(beat('a'), api)).toEqual({ ...beat('a'), via: '3.c7' })
  beats.carry(beat('a', { number: 2 }), api)
  beats.carry(beat('a', { group: 'other' }), api)
  beats.ended()
  beats.ended()
  const empty = { epoch: -3, waitMs: 0, subscribed: null, owned: [], stuck: [], via: '3.c7' }
  expect(told).toEqual([beat('a', empty), beat('a', { ...empty, group: 'other' })])
})

test('nothing is told of members that leave, stay static, or take no part', () => {
  for (const epoch of [7, -1]) beats.carry(beat('left', { epoch }), api)
  for (const epoch of [7, -2]) beats.carry(beat('back', { epoch }), api)
  beats.carry(beat('static', { instance: 'pod-1' }), api)
  beats.carry(beat('silent', { number: 0 }), api)
  beats.ended()
  expect(told).toEqual([])
})

test('of members that have come by another broker, that one tells, and this one adds the way', () => {
  expect(beats.carry(beat('a', { via: '9.x' }), api).via).toBe('3.c7/9.x')
  expect(beats.carry(beat('a', { via: '9.x', epoch: -3 }), api)).toMatchObject({ epoch: -3, via: '3.c7/9.x' })
  expect(beats.carry(beat('a', { via: 'x'.repeat(996) }), api).via).toBe('')
  beats.ended()
  expect(told).toEqual([])
})

test('a connection stands for a hundred members; those beyond keep their session', () => {
  for (let member = 0; member < 200; member++) beats.carry(beat(`m-${member}`), api)
  beats.ended()
  expect(told).toHaveLength(100)
})
