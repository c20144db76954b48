import { TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { ManualClock } from '../platform/testing/clock.ts'
import { createCascadeApi, type FacadeDeps } from './cascade-facade.ts'
import { vouching } from './upstream/vouching.ts'

/** A cascade broker that has the topic "t" with the id "here"; its source answers as the test says, or not at all. */
function cascade() {
  const clock = new ManualClock()
  const world = { id: 'here' as string | undefined, answer: null as object | TailraceError | null, hurried: 0 }
  const copy = { partition: 0, logStart: 3, highWatermark: 8 }
  const deps = {
    clock,
    copies: {
      topic: (name: string) =>
        name === 't' && world.id !== undefined ? { name, id: world.id, config: { own: 1 } } : undefined,
      partitionsOf: () => [copy],
      copies: () => true,
      isElsewhere: () => false,
    },
    uplink: {
      session: { hurry: () => void world.hurried++ },
      whenSession: async () => {
        if (world.answer === null) throw new TailraceError('NOT_READY')
        return { address: 'above:1' }
      },
    },
    client: {
      request: async () => {
        if (world.answer instanceof TailraceError) throw world.answer
        return world.answer
      },
    },
    vouch: vouching(true),
  } as unknown as FacadeDeps
  const api = createCascadeApi(deps)
  const pass = (ms: number) => clock.advance(ms, () => new Promise((resolve) => setImmediate(resolve)))
  const described = async (topicId?: string): Promise<unknown> => {
    let outcome: unknown = 'pending'
    api.describeTopic('t', topicId).then(
      (found) => (outcome = found),
      ({ code }) => (outcome = code),
    )
    await pass(4000)
    return outcome
  }
  return { world, described }
}

const partition = { partition: 0, leader: 2, term: 5, replicas: [1, 2], inSync: [2], logStart: 0, highWatermark: 9 }
const above = (id: string) => ({ name: 't', id, config: { above: 1 }, partitions: [partition] })

test('a topic is described by the copy here when the source does not answer', async () => {
  const { described } = cascade()
  const expected = {
    name: 't',
    id: 'here',
    config: { own: 1 },
    partitions: [{ partition: 0, leader: 0, term: 0, replicas: [], inSync: [], logStart: 3, highWatermark: 8 }],
  }
  expect(await described()).toEqual(expected)
  expect(await described('here')).toEqual(expected)
})

test('leaders and settings are those of the source, the ends those of the copy', async () => {
  const { world, described } = cascade()
  world.answer = above('here')
  expect(await described('here')).toMatchObject({
    config: { above: 1 },
    partitions: [{ leader: 2, term: 5, replicas: [1, 2], inSync: [2], logStart: 3, highWatermark: 8 }],
  })
})

test('a topic of this name with another id is refused, whether the source answers or not', async () => {
  const { world, described } = cascade()
  expect(await described('another')).toBe('TOPIC_ID_MISMATCH')
  world.answer = new TailraceError('TOPIC_ID_MISMATCH')
  expect(await described('another')).toBe('TOPIC_ID_MISMATCH')
  // The source has it, and it is not copied here.
  world.answer = above('another')
  expect(await described('another')).toBe('TOPIC_ID_MISMATCH')
  expect(world.hurried).toBeGreaterThan(0)
})

test('the description of another topic of the name has no figures of the one that is here', async () => {
  const { world, described } = cascade()
  world.answer = above('another')
  expect(await described()).toMatchObject({ id: 'here', config: { own: 1 }, partitions: [{ leader: 0, term: 0 }] })
})

test('a topic that is neither here nor above is unknown', async () => {
  const { world, described } = cascade()
  world.id = undefined
  expect(await described()).toBe('UNKNOWN_TOPIC')
  world.answer = new TailraceError('UNKNOWN_TOPIC')
  expect(await described()).toBe('UNKNOWN_TOPIC')
})
