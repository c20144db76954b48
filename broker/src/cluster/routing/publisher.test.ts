import { BatchWriter, TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import type { TestBroker } from '../testing/test-cluster.ts'
import { TestCluster } from '../testing/test-cluster.ts'

let cluster: TestCluster
/** Leads partition 0 of the topic "t", whose only replica it is. */
let leader: TestBroker
let other: TestBroker

const options = { timeoutMs: 1000, wait: false }
const waiting = { timeoutMs: 3000, wait: true }

function batch(value: string, producerId = -1): Uint8Array {
  const writer = new BatchWriter()
  writer.append({ timestamp: 0, key: null, value })
  return writer.finish({ producerId, producerEpoch: 0, baseSequence: 0, compression: 0 })
}

const replica = (broker: TestBroker) => broker.groups.get(1)!
const sent = (broker: TestBroker): number => broker.requests.filter(({ name }) => name === 'Publish').length

/** The outcome of a promise by now. */
function outcome(promise: Promise<unknown>): { value: unknown } {
  const seen: { value: unknown } = { value: 'pending' }
  promise.then(
    () => (seen.value = 'done'),
    (error) => (seen.value = error.code),
  )
  return seen
}

beforeEach(async () => {
  cluster = await TestCluster.of(3)
  const created = cluster.broker(1).node.api.createTopic({ name: 't', partitions: 1, replicas: 3 })
  await cluster.clock.advance(3000)
  await created
  leader = cluster.broker(cluster.world.leaderOf(1))
  other = [...cluster.brokers.values()].find((broker) => broker !== leader)!
})

describe('on the leader', () => {
  test('the batch has its place before the call returns', () => {
    const [a, b] = [batch('a'), batch('b')]
    void leader.node.api.publish('t', 0, a, options)
    void leader.node.api.publish('t', 0, b, waiting)
    expect(replica(leader).published).toEqual([a, b])
  })

  test('no commit in time leaves the outcome open', async () => {
    replica(leader).onPublish = () => new Promise(() => {})
    const seen = [outcome(leader.node.api.publish('t', 0, batch('a'), options))]
    seen.push(outcome(leader.node.api.publish('t', 0, batch('b'), { ...waiting, timeoutMs: 1000 })))
    await cluster.clock.advance(999)
    expect(seen.map(({ value }) => value)).toEqual(['pending', 'pending'])
    await cluster.clock.advance(1)
    expect(seen.map(({ value }) => value)).toEqual(['OUTCOME_UNKNOWN', 'OUTCOME_UNKNOWN'])
  })
})

describe('elsewhere', () => {
  test('batches are forwarded in call order, and answered with their offsets', async () => {
    const values = ['a', 'b', 'c', 'd'].map((value) => batch(value))
    const results = values.map((value, index) => other.node.api.publish('t', 0, value, index % 2 ? waiting : options))
    expect(sent(other)).toBe(4)
    await cluster.clock.advance(100)
    const offsets = (await Promise.all(results)).map(({ baseOffset }) => baseOffset)
    expect(offsets).toEqual([0, 1, 2, 3])
    expect(replica(leader).published).toEqual(values)
  })

  test('a forwarded batch is answered with all fields of the answer of the leader, and with no token where there is none', async () => {
    const told = { baseOffset: 7, lastOffset: 9, duplicate: true, holders: [1, 3] }
    const token = { term: 2, index: 5, seal: 'ab' }
    for (const answer of [told, { ...told, token }]) {
      replica(leader).onPublish = () => Promise.resolve(answer)
      const result = other.node.api.publish('t', 0, batch('a'), options)
      await cluster.clock.advance(10)
      expect(await result).toEqual(answer)
    }
  })

  test('a condition goes along, and its refusal comes back with the figure', async () => {
    const [whole, one] = [{ expectedOffset: 7, fence: 3 }, { expectedOffset: 0 }]
    for (const condition of [whole, one]) {
      const published = other.node.api.publish('t', 0, batch('a'), { ...options, condition })
      await cluster.clock.advance(10)
      await published
    }
    expect(replica(leader).conditions).toEqual([whole, one])
    const asked = other.requests.filter(({ name }) => name === 'PublishIf').map(({ fields }) => fields)
    expect(asked).toMatchObject([whole, { expectedOffset: 0, fence: -1 }])
    // No older broker takes it for a publish without a condition.
    expect(sent(other)).toBe(0)
    for (const refusal of [{ endOffset: 9 }, { fence: 4 }]) {
      const code = 'fence' in refusal ? 'FENCED' : 'WRONG_EXPECTED_OFFSET'
      replica(leader).onPublish = () => Promise.reject(new TailraceError(code, undefined, refusal))
      for (const how of [options, waiting]) {
        const refused = other.node.api.publish('t', 0, batch('a'), { ...how, condition: whole })
        const seen = refused.catch(({ code, endOffset, fence }) => ({ code, endOffset, fence }))
        await cluster.clock.advance(100)
        expect(await seen).toMatchObject({ code, ...refusal })
      }
    }
  })

  test('a condition of odd numbers, or none at all, is refused where it comes in', async () => {
    const fields = { correlation: 0, topic: 't', partition: 0, timeoutMs: 1000 }
    for (const [expectedOffset, fence] of [
      [-1, -1],
      [-2, 0],
      [0, -2],
    ] as const) {
      const request = { ...fields, expectedOffset, fence }
      const asked = outcome(leader.node.handlers.request(other.id, 'PublishIf', request, batch('a')))
      await cluster.clock.advance(10)
      expect(asked.value).toBe('INVALID_REQUEST')
    }
    expect(replica(leader).published).toEqual([])
  })

  test('the rest of a time limit is whole milliseconds on the wire', async () => {
    const result = other.node.api.publish('t', 0, batch('a'), { timeoutMs: 999.5, wait: false })
    await cluster.clock.advance(10)
    expect((await result).baseOffset).toBe(0)
    expect(other.requests.filter(({ name }) => name === 'Publish').at(-1)!.fields).toMatchObject({ timeoutMs: 1000 })
  })

  test('a forwarded request is never forwarded again, even where the leader is known', async () => {
    const third = [...cluster.brokers.values()].find((broker) => broker !== leader && broker !== other)!
    const fields = { correlation: 0, topic: 't', partition: 0, timeoutMs: 1000 }
    const asked = outcome(third.node.handlers.request(other.id, 'Publish', fields, batch('a')))
    await cluster.clock.advance(100)
    expect(asked.value).toBe('NOT_LEADER')
    expect(sent(third)).toBe(0)
  })

  test('without wait it fails at once', async () => {
    cluster.world.elect(1, 0)
    const none = outcome(other.node.api.publish('t', 0, batch('a'), options))
    await cluster.clock.advance(0)
    expect(none.value).toBe('LEADER_UNAVAILABLE')
  })

  test('an answer that does not come leaves the outcome open', async () => {
    const lost = outcome(other.node.api.publish('t', 0, batch('a'), options))
    cluster.cut(other, leader)
    await cluster.clock.advance(0)
    expect(lost.value).toBe('OUTCOME_UNKNOWN')
  })

  test('unknown topics and partitions', async () => {
    await expect(other.node.api.publish('nope', 0, batch('a'), options)).rejects.toMatchObject({
      code: 'UNKNOWN_TOPIC',
    })
    await expect(other.node.api.publish('t', 1, batch('a'), waiting)).rejects.toMatchObject({
      code: 'UNKNOWN_PARTITION',
    })
  })
})

describe('held through an election', () => {
  test('a batch that no leader saw goes to the next one', async () => {
    cluster.world.elect(1, 0)
    const held = outcome(other.node.api.publish('t', 0, batch('a'), waiting))
    await cluster.clock.advance(500)
    expect(held.value).toBe('pending')
    cluster.world.elect(1, other.id)
    await cluster.clock.advance(10)
    expect(held.value).toBe('done')
    expect(replica(other).published).toHaveLength(1)
  })

  test('no broker leads in time', async () => {
    cluster.world.elect(1, 0)
    const held = outcome(other.node.api.publish('t', 0, batch('a'), waiting))
    await cluster.clock.advance(3000)
    expect(held.value).toBe('LEADER_UNAVAILABLE')
  })

  test('an idempotent batch is sent again after a lost answer, any other is not', async () => {
    cluster.world.isolated.add(leader.id)
    const plain = outcome(other.node.api.publish('t', 0, batch('a'), waiting))
    const idempotent = outcome(other.node.api.publish('t', 0, batch('b', 7), waiting))
    await cluster.clock.advance(1)
    cluster.cut(other, leader)
    await cluster.clock.advance(1)
    expect([plain.value, idempotent.value]).toEqual(['OUTCOME_UNKNOWN', 'pending'])
    cluster.world.elect(1, other.id)
    await cluster.clock.advance(10)
    expect(idempotent.value).toBe('done')
    expect(replica(other).published).toHaveLength(1)
  })

  test('order survives the change of leader: no batch overtakes one that may have to be sent again', async () => {
    replica(leader).onPublish = () => new Promise(() => {})
    const first = batch('a', 7)
    const second = batch('b', 7)
    const third = batch('c', 7)
    const held = [first, second].map((value) => other.node.api.publish('t', 0, value, waiting))
    await cluster.clock.advance(1)
    // The new leader is known here before the old one has answered.
    cluster.world.elect(1, other.id)
    held.push(other.node.api.publish('t', 0, third, waiting))
    expect(replica(other).published).toEqual([])
    cluster.cut(other, leader)
    await cluster.clock.advance(100)
    await Promise.all(held)
    expect(replica(other).published).toEqual([first, second, third])
    // The old leader's log may hold the bytes that were sent; the new one must not write into them.
    expect(replica(other).published[0]).not.toBe(first)
  })

  test('a refusal is believed, and the leader of a later term is asked', async () => {
    // The others do not know yet that the leader has stepped down.
    replica(leader).leadershipChanged(replica(leader).term, 0)
    const held = outcome(other.node.api.publish('t', 0, batch('a'), waiting))
    await cluster.clock.advance(1000)
    expect(held.value).toBe('pending')
    expect(sent(other)).toBe(1)
    cluster.world.elect(1, leader.id)
    await cluster.clock.advance(10)
    expect(held.value).toBe('done')
  })

  test('a batch that the leader refuses permanently is not tried again', async () => {
    replica(leader).onPublish = async () => {
      throw new TailraceError('OUT_OF_ORDER_SEQUENCE')
    }
    const refused = outcome(other.node.api.publish('t', 0, batch('a', 7), waiting))
    await cluster.clock.advance(100)
    expect(refused.value).toBe('OUT_OF_ORDER_SEQUENCE')
    expect(sent(other)).toBe(1)
  })

  test('a topic that is deleted meanwhile', async () => {
    cluster.world.elect(1, 0)
    const held = outcome(other.node.api.publish('t', 0, batch('a'), waiting))
    const deleted = other.node.api.deleteTopic('t')
    await cluster.clock.advance(100)
    await deleted
    expect(held.value).toBe('UNKNOWN_TOPIC')
  })

  test('held publishes are bounded', async () => {
    cluster.world.elect(1, 0)
    const large = new Uint8Array(16 * 1024 * 1024)
    const held = [1, 2, 3, 4, 5].map(() => outcome(other.node.api.publish('t', 0, large, waiting)))
    await cluster.clock.advance(0)
    expect(held.map(({ value }) => value)).toEqual(['pending', 'pending', 'pending', 'pending', 'OVERLOADED'])
    await cluster.clock.advance(3000)
    expect(outcome(other.node.api.publish('t', 0, large, waiting)).value).toBe('pending')
  })
})
