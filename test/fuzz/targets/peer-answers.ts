import { METADATA_GROUP, type MessageName, parseFrame, TailraceError } from '@tailrace/schemas'
import { overTheWire } from '../../../broker/src/cluster/testing/over-the-wire.ts'
import { during } from '../../../broker/src/cluster/testing/running.ts'
import { type TestBroker, TestCluster } from '../../../broker/src/cluster/testing/test-cluster.ts'
import type { RequestName } from '../../../broker/src/partition/peers.ts'
import { type FuzzTarget, refusedAs, type Verdict } from '../target.ts'
import { sealedFrame } from './frames.ts'
import { asked, samplesOf } from './peer-requests.ts'

const STRANGER = 9

/** The answer of a broker, as the broker that has asked reads it. @throws TailraceError the error of a Failure */
async function answerOf(cluster: TestCluster, to: TestBroker, from: number, input: Uint8Array): Promise<void> {
  const { name, fields } = parseFrame(input, undefined, input.length)
  if (!asked.includes(name as RequestName)) throw new TailraceError('UNSUPPORTED_MESSAGE')
  const request = to.node.handlers.request(from, name as RequestName, fields as never, new Uint8Array())
  const reply = await during(cluster, request)
  overTheWire(`${name}Reply` as MessageName, { correlation: 0, ...reply.fields } as never)
}

/** After any requests the cluster goes on: its leader creates a topic, and acknowledges it. */
async function check(cluster: TestCluster): Promise<void> {
  const leader = cluster.broker(cluster.world.leaderOf(METADATA_GROUP))
  await during(cluster, leader.node.api.createTopic({ name: 'after', partitions: 1, replicas: 1 }))
  const faults = [...cluster.brokers.values()].flatMap(({ logged }) =>
    logged.filter((line) => line.includes('cannot go on')),
  )
  if (faults.length > 0) throw new Error(faults[0])
}

async function run(input: Uint8Array): Promise<Verdict> {
  const cluster = await TestCluster.of(3)
  await during(cluster, cluster.broker(1).node.api.createTopic({ name: 'flights', partitions: 2, replicas: 3 }))
  const leader = cluster.world.leaderOf(METADATA_GROUP)
  const to = cluster.broker(input.length % 4 === 0 ? (leader % 3) + 1 : leader)
  const from = input.length % 7 === 0 ? STRANGER : (to.id % 3) + 1
  const verdict = await answerOf(cluster, to, from, input).then(
    (): Verdict => 'taken',
    (error: unknown) => {
      if (error instanceof TailraceError && error.code !== 'INTERNAL') return refusedAs(error, [error.code])
      throw error
    },
  )
  await check(cluster)
  return verdict
}

/**
 * Requests that no broker makes, to a cluster at work, from a member and from a broker that is no member: answered, or
 * refused with a code.
 */
export const peerAnswers: FuzzTarget = {
  name: 'peer-answer',
  samples: asked.flatMap(samplesOf),
  seal: sealedFrame,
  run,
}
