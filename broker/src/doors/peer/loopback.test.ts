import { encodeFrame, termStartBatch } from '@tailrace/schemas'
import { afterEach, expect, test } from 'vitest'
import { nodeCrc32c } from '../../platform/node/checksum.ts'
import { nodeClock } from '../../platform/node/clock.ts'
import { nodeCrypto } from '../../platform/node/crypto.ts'
import { nodeNetwork } from '../../platform/node/network.ts'
import { nodeRandom } from '../../platform/node/random.ts'
import type { AppendMessage } from '../../raft/messages.ts'
import { identityOfBroker, type TestBroker, testBroker } from '../testing/peer-cluster.ts'
import { mostInATurn } from '../testing/turn-measure.ts'
import { createPeers } from './create-peers.ts'

const running: TestBroker[] = []

afterEach(async () => {
  for (const { peers } of running.splice(0)) await peers.close()
})

async function start(id: number, join: readonly string[], listen = '127.0.0.1:0', incarnation = `life-${id}`) {
  const log: string[] = []
  const write = (_: object, message: string) => void log.push(message)
  const peers = createPeers({
    network: nodeNetwork,
    clock: nodeClock,
    random: nodeRandom,
    crc32c: nodeCrc32c,
    crypto: nodeCrypto,
    clusterKeys: null,
    log: { info: write, warn: write, error: write },
    listen,
    dial: join,
  })
  const broker = testBroker(id, peers, log, identityOfBroker(id, '', incarnation))
  running.push(broker)
  await peers.start({
    identity: () => ({ ...broker.identity, peer: peers.address }),
    handlers: broker.handlers,
  })
  return broker
}

async function until(happened: () => boolean): Promise<void> {
  const deadline = performance.now() + 5000
  while (!happened()) {
    if (performance.now() > deadline) throw new Error('it has not happened within 5 s')
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

test('two brokers over real sockets: links, batches, requests, a death and a return', async () => {
  const one = await start(1, [])
  const two = await start(2, [one.peers.address])
  await until(() => one.peers.connected(2) && two.peers.connected(1))

  const payload = termStartBatch({ term: 1, baseOffset: 0, timestamp: 0, leader: 1 })
  for (let index = 1; index <= 500; index++) {
    const entry = { index, term: 1, kind: 1, baseOffset: 0, lastOffset: -1, bytes: payload.length } as const
    const entries = [entry]
    const message: AppendMessage = {
      type: 'append',
      from: 1,
      to: 2,
      term: 1,
      prevIndex: index - 1,
      prevTerm: 1,
      commit: 0,
      entries,
    }
    one.peers.sendRaft(1, message, [payload])
  }
  await until(() => two.raft.length === 500)
  expect(two.raft.map(({ message }) => (message as AppendMessage).prevIndex + 1)).toEqual(
    Array.from({ length: 500 }, (_, i) => i + 1),
  )

  two.answer = (async (_: number, __: string, ___: object, body: Uint8Array) => {
    return { fields: { nextOffset: 0, highWatermark: 0, logStart: 0 }, body: [body, body] }
  }) as unknown as TestBroker['answer']
  const large = new Uint8Array(5_000_000).fill(7)
  const fields = { topic: 't', partition: 0, offset: 0, maxBytes: 0, waitMs: 0 }
  const reply = await one.peers.request(2, 'Fetch', fields, [large], 5000)
  expect(reply.body.length).toBe(10_000_000)
  expect(reply.body.every((byte) => byte === 7)).toBe(true)

  const { address } = two.peers
  await two.peers.close()
  await until(() => !one.peers.connected(2))
  const again = await start(2, [one.peers.address], address, 'second life')
  await until(() => one.peers.connected(2) && again.peers.connected(1))
  expect(one.links).toEqual(['+2', '-2', '+2'])
  expect(one.peers.identity(2)?.incarnation).toBe('second life')
})

test('a taken address is refused with its name', async () => {
  const one = await start(1, [])
  await expect(start(2, [], one.peers.address)).rejects.toMatchObject({
    code: 'INVALID_SETTING',
    message: expect.stringContaining(one.peers.address),
  })
})

test('a flood of small frames is handled a read at a time, between which others are served', async () => {
  const one = await start(1, [])
  const two = await start(2, [one.peers.address])
  await until(() => one.peers.connected(2) && two.peers.connected(1))
  const frames = 40_000
  const beat = { led: 1, ledDigest: 0, followed: 0, followedDigest: 0, durable: 0 }
  for (let sent = 0; sent < frames; sent++) one.peers.tell(2, 'NodeBeat', beat)
  // A read brings 64 KiB at most, and the next is there already when the pause begins.
  const [frame] = encodeFrame('NodeBeat', beat)
  const aRead = (64 * 1024) / frame!.length
  expect(await mostInATurn(() => two.notes.length, frames)).toBeLessThan(2.5 * aRead)
})
