import { TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { addressOf, identityOfBroker, PeerCluster } from '../testing/peer-cluster.ts'
import { helloOf } from './handshake/identity-frames.ts'

/** A broker that refuses others, and its log of one more attempt of theirs. */
async function refusing() {
  const cluster = new PeerCluster()
  const broker = await cluster.start(1, { join: [] })
  const attempt = async (id: number, problem: string): Promise<string[]> => {
    broker.admit = () => {
      throw new TailraceError('CLUSTER_MISMATCH', problem)
    }
    const raw = await cluster.connectTo(broker)
    raw.send('Hello', helloOf(identityOfBroker(id, addressOf(id))))
    await cluster.pass(10)
    raw.stream.destroy()
    await cluster.pass(10)
    return broker.log.splice(0).map((line) => /problem \w+/.exec(line)?.[0] ?? line)
  }
  return { cluster, broker, attempt }
}

test('a broker that is refused for the same reason again has no second line in the log', async () => {
  const { broker, attempt } = await refusing()
  expect(await attempt(2, 'problem a')).toEqual(['problem a'])
  expect(await attempt(2, 'problem a')).toEqual([])
  expect(await attempt(3, 'problem a')).toEqual(['problem a'])
  expect(await attempt(2, 'problem b')).toEqual(['problem b'])
  expect(await attempt(2, 'problem b')).toEqual([])
  expect(broker.peers.stats.handshakesRefused).toBe(5)
})

test('it has one after it was admitted in between', async () => {
  const { cluster, broker, attempt } = await refusing()
  expect(await attempt(2, 'problem a')).toEqual(['problem a'])
  broker.admit = () => {}
  const raw = await cluster.connectTo(broker)
  await cluster.shakeHands(raw, identityOfBroker(2, ''))
  raw.stream.destroy()
  await cluster.pass(10)
  expect(await attempt(2, 'problem a')).toEqual(['problem a'])
})

test('reasons of 256 brokers are kept: with one more all are forgotten', async () => {
  const { attempt } = await refusing()
  const lines = async (ids: readonly number[]): Promise<number> => {
    let count = 0
    for (const id of ids) count += (await attempt(id, 'problem a')).length
    return count
  }
  const ids = Array.from({ length: 256 }, (_, at) => at + 2)
  expect(await lines(ids)).toBe(256)
  expect(await lines(ids)).toBe(0)
  expect(await lines([300, 2, 300])).toBe(2)
})
