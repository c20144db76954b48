import type { Socket } from 'node:net'
import { type Duplex, duplexPair } from 'node:stream'
import {
  brokerMessages,
  clientMessages,
  encodeFrame,
  FRAME_PREFIX_BYTES,
  type Message,
  type MessageName,
  parseFrame,
  protocolFingerprint,
} from '@tailrace/schemas'
import { protocolJson } from '@tailrace/schemas/foreign-protocol'
import { levelZeroControlOver } from '../../../broker/src/cascade/control/leader-requests.ts'
import type { LevelZeroControl } from '../../../broker/src/cascade/control/level-zero-control.ts'
import { JsonPublisher } from '../../../broker/src/doors/json/publisher.ts'
import { AutoCreation } from '../../../broker/src/doors/limits/auto-creation.ts'
import { HeldBytes } from '../../../broker/src/doors/limits/held-bytes.ts'
import { defaultLimits, mostReadBytes } from '../../../broker/src/doors/limits/limits.ts'
import { gatewayMetrics } from '../../../broker/src/doors/limits/metrics.ts'
import { NewProducers } from '../../../broker/src/doors/limits/new-producers.ts'
import { ReadBudget } from '../../../broker/src/doors/limits/read-budget.ts'
import { SharedBrokers } from '../../../broker/src/doors/limits/shared-brokers.ts'
import { LongPolls } from '../../../broker/src/doors/standing/long-polls.ts'
import { PartitionEnds } from '../../../broker/src/doors/standing/partition-ends.ts'
import { MemoryAdmin } from '../../../broker/src/doors/testing/memory-admin.ts'
import { MemoryBroker } from '../../../broker/src/doors/testing/memory-broker.ts'
import { MemoryConsumerGroups } from '../../../broker/src/doors/testing/memory-consumer-groups.ts'
import { batchOf } from '../../../broker/src/doors/testing/running-gateway.ts'
import { testSender, testServices } from '../../../broker/src/doors/testing/test-services.ts'
import { Connection } from '../../../broker/src/doors/ws/connection.ts'
import { SharedTexts } from '../../../broker/src/doors/ws/messages/shared-texts.ts'
import { SharedAnswers } from '../../../broker/src/doors/ws/shared-answers.ts'
import { SharedViews } from '../../../broker/src/doors/ws/shared-views.ts'
import { GatewaySocket } from '../../../broker/src/doors/ws/socket.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { seededRandom } from '../../../broker/src/platform/testing/random.ts'
import { noTables } from '../../../broker/src/security/security-tables.ts'
import { sampleMessages } from '../../../schemas/src/testing/sample-messages.ts'
import { type Block, blocksOf, bytesOf } from '../blocks.ts'
import { withoutLooseErrors } from '../loose-errors.ts'
import { type FuzzTarget, joined, text, type Verdict } from '../target.ts'
import { clientFrame, Opcode, serverMessages } from '../ws-bytes.ts'
import { sealedFrame } from './frames.ts'

const kinds = ['frame', 'frame', 'frame', 'fragments', 'text', 'text', 'bare frame', 'raw'] as const
/** Of a registry's default metrics there can be one in a process. */
const metrics = gatewayMetrics()
const limits = { ...defaultLimits, maxFrameBytes: 64 * 1024, maxSubscriptions: 8 }
const answers = new Set<MessageName>(['Schemas', ...brokerMessages])

function frame<Name extends MessageName>(name: Name, changes: Partial<Message<Name>> = {}, body: Uint8Array[] = []) {
  const fields = { ...sampleMessages[name], correlation: 1, topicId: '', ...changes } as Message<Name>
  return { kind: 0, bytes: joined(encodeFrame(name, fields, body)) }
}

function op(message: object) {
  return { kind: 4, bytes: text(JSON.stringify(message)) }
}

const flights = { topic: 'flights', partition: 0 }
const noToken = { tokenTerm: 0, tokenIndex: 0, tokenSeal: '', replica: false, linearizable: false, offset: 0 }
const fromStart = { kind: 'EARLIEST', value: 0 } as const
/**
 * The schemas that the client names when it connects: none, those of the broker, others. The first byte of an input
 * chooses.
 */
const fingerprints = [undefined, protocolFingerprint, 'other'] as const
const sessions: readonly (readonly [number, ...Block[]])[] = [
  [
    0,
    frame('InitProducer'),
    frame('Publish', flights, [batchOf(['a', 'b'])]),
    frame('Fetch', { ...flights, ...noToken }),
    frame('FindOffset', { ...flights, position: fromStart }),
    frame('Metadata', { topics: ['flights'] }),
    frame('Brokers', {}),
  ],
  [
    1,
    frame('Subscribe', { subscription: 2, topic: 'flights', position: fromStart, partitions: [], credit: 1000 }),
    frame('Publish', flights, [batchOf(['c'])]),
    frame('PublishIf', { ...flights, expectedOffset: 1, fence: 3 }, [batchOf(['d'])]),
    frame('PublishIf', { ...flights, expectedOffset: -1, fence: 3 }),
    frame('Credit', { subscription: 2, bytes: 100 }),
    frame('Subscribe', { subscription: 3, topic: 'flights', partitions: [{ partition: 1, position: fromStart }] }),
    frame('Unsubscribe', { subscription: 2 }),
  ],
  [
    0,
    op({ op: 'subscribe', id: 's', topic: 'flights', from: 'earliest', partitions: [0, { partition: 1, from: 0 }] }),
    op({ op: 'publish', id: 'p', topic: 'flights', records: [{ key: 'k', value: 'v', headers: { h: ['x', null] } }] }),
    op({ op: 'publish-if', id: 'i', topic: 'flights', partition: 0, expectedOffset: 1, records: [{ value: 'v' }] }),
    op({ op: 'credit', id: 's', bytes: 1000 }),
    op({ op: 'unsubscribe', id: 's' }),
  ],
  [
    0,
    op({ op: 'watch', id: 'w', topics: ['flights', 'nowhere'] }),
    op({ op: 'watch', id: 'w' }),
    op({ op: 'watch', id: 2, topics: [] }),
    op({ op: 'unwatch', id: 'w' }),
  ],
  [
    0,
    op({ op: 'watch', id: 'p', of: 'partition', topic: 'flights', partition: 0 }),
    op({ op: 'watch', id: 'c', of: 'cascade' }),
    op({ op: 'watch', id: 'm', of: 'moves' }),
    op({ op: 'watch', id: 'a', of: 'audit' }),
    op({ op: 'watch', id: 'g', of: 'stages' }),
    op({ op: 'watch', id: 'g', of: 'consumer-groups' }),
    op({ op: 'watch', id: 'g', of: 'consumer-group', group: 'billing' }),
    op({ op: 'watch', id: 'p', of: 'partition', topic: 'flights', partition: 9, topicId: 'x' }),
    op({ op: 'unwatch', id: 'c' }),
  ],
  [
    1,
    frame('CascadeBeat', { clusterId: '', broker: 101 }),
    frame('CascadeBeat', { clusterId: 'other', broker: 101 }),
    frame('CascadeBeat', { clusterId: '', broker: 1 }),
    frame('CascadeTopics', { from: 0 }),
  ],
  [0, ...clientMessages.map((name) => frame(name))],
  [0, frame('Hello'), frame('Append'), frame('Records', { subscription: 2 })],
  [2, frame('Schemas', { fingerprint: 'other', protocolJson }), frame('Metadata', { topics: ['flights'] })],
]

/** The bytes that a client writes for one block. */
function written(kind: (typeof kinds)[number], bytes: Uint8Array): Uint8Array {
  const sealed = sealedFrame(bytes)
  if (kind === 'frame') return clientFrame(Opcode.binary, sealed)
  if (kind === 'bare frame') return clientFrame(Opcode.binary, bytes)
  if (kind === 'text') return clientFrame(Opcode.text, bytes)
  if (kind === 'raw') return bytes
  const cut = Math.min(sealed.length, FRAME_PREFIX_BYTES + (sealed[11] ?? 0))
  const head = clientFrame(Opcode.binary, sealed.subarray(0, cut), false)
  return joined([head, clientFrame(Opcode.continuation, sealed.subarray(cut))])
}

/** The broker's side of a WebSocket on a stream within this process. */
class Session {
  readonly clock = new ManualClock(1.7e12)
  readonly broker = new MemoryBroker(this.clock)
  readonly received = new HeldBytes(this.clock, { bytes: 1 << 20, graceMs: 1_000, maxAgeMs: 10_000 })
  readonly reads = new ReadBudget(limits.maxReadBytes, mostReadBytes(limits))
  readonly mistakes: unknown[] = []
  readonly views: SharedViews
  readonly answers: SharedAnswers
  readonly #client: Duplex
  readonly #socket = new (
    GatewaySocket as unknown as new (
      address: null,
      protocols: undefined,
      options: object,
    ) => GatewaySocket
  )(null, undefined, { autoPong: true, closeTimeout: 1_000 })
  readonly #answered: Uint8Array[] = []

  constructor(schemas: string | undefined) {
    const [client, server] = duplexPair()
    this.#client = client
    client.on('data', (chunk: Uint8Array) => this.#answered.push(chunk))
    client.on('error', () => {})
    const stream = Object.assign(server, { remoteAddress: '127.0.0.1', bytesWritten: 0 }) as unknown as Socket
    const log = { info: () => {}, warn: () => {}, error: (fields: object) => void this.mistakes.push(fields) }
    const random = seededRandom(1)
    this.views = new SharedViews({ api: this.broker }, this.clock, log)
    const { clock, broker: api, received, reads } = this
    const publisher = new JsonPublisher({ api, clock, random, timeoutMs: 1_000, maxBatchBytes: limits.maxBatchBytes })
    const texts = new SharedTexts(clock)
    const admin = new MemoryAdmin(api)
    const consumerGroups = new MemoryConsumerGroups()
    const services = testServices({ api, admin, consumerGroups, cascade: this.#control() }, { clock, random })
    this.answers = new SharedAnswers(services, clock, log)
    const { answers, views } = this
    const ends = new PartitionEnds(api, clock)
    const brokers = new SharedBrokers(api, clock)
    const shared = {
      brokers,
      publisher,
      reads,
      received,
      newProducers: new NewProducers(limits),
      creation: new AutoCreation(services.api, limits),
      polls: new LongPolls(ends, clock),
      texts,
      views,
      answers,
      ends,
    }
    const wired = this.#socket as unknown as { setSocket(stream: Socket, head: Buffer, options: object): void }
    wired.setSocket(stream, Buffer.alloc(0), { maxPayload: limits.maxFrameBytes, allowSynchronousEvents: true })
    // As the plugin that the gateway is built on does.
    this.#socket.on('error', () => {
      if (this.#socket.readyState === this.#socket.OPEN) this.#socket.terminate()
    })
    new Connection(this.#socket, stream, testSender(services), schemas, {
      services,
      clock,
      random,
      log,
      limits,
      metrics,
      ...shared,
    })
  }

  /** A broker of level 0 that is alone, as the source of cascade brokers. */
  #control(): LevelZeroControl {
    const self = { id: 1, http: 'h:1', peer: 'p:1', level: 0, alive: true, pid: 5 }
    const { broker, clock } = this
    const api = {
      brokerId: 1,
      listTopics: () => broker.listTopics(),
      topicsVersion: () => broker.topicsVersion(),
      describeCluster: async () => ({ clusterId: 'c', metadataLeader: 1, brokers: [self] }),
    }
    const peers = { request: () => Promise.reject(new Error('there is one broker only')) }
    return levelZeroControlOver(peers, { api, tables: noTables }, clock)
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#client.write(bytes)
    return this.pass(0)
  }

  pass(ms: number): Promise<void> {
    return this.clock.advance(ms)
  }

  /** Leaves, and returns the broker's messages. */
  async leave(): Promise<ReturnType<typeof serverMessages>> {
    this.#socket.terminate()
    this.#client.destroy()
    await this.pass(60_000)
    return serverMessages(joined(this.#answered))
  }
}

/** Refused: some request was answered with an error. */
function check(session: Session, said: ReturnType<typeof serverMessages>): Verdict {
  if (session.mistakes.length > 0) throw session.mistakes[0]
  let verdict: Verdict = 'taken'
  for (const { opcode, payload } of said) {
    if (opcode === Opcode.text) {
      const message = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)) as { op: string }
      if (message.op === 'error') verdict = 'refused'
    } else if (opcode === Opcode.binary) {
      const { name } = parseFrame(payload)
      if (!answers.has(name)) throw new Error(`the broker says ${name}`)
      if (name === 'Failure') verdict = 'refused'
    }
  }
  const { broker, received } = session
  if (received.bytes !== 0) throw new Error(`${received.bytes} bytes are held for no client`)
  const watches = session.views.watchers + session.answers.size
  if (watches !== 0) throw new Error(`${watches} watches go on without a client`)
  if (broker.leadership.size !== 0) throw new Error(`${broker.leadership.size} subscriptions go on without a client`)
  return verdict
}

/** A client that sends any messages in any order on one WebSocket, to the gateway's own connection. */
export const webSocketClients: FuzzTarget = {
  name: 'ws-server',
  samples: sessions.map(([schemas, ...blocks]) => joined([Uint8Array.of(schemas), bytesOf(blocks)])),
  run: (input) =>
    withoutLooseErrors(async () => {
      const session = new Session(fingerprints[(input[0] ?? 0) % fingerprints.length])
      await session.broker.createTopic({ name: 'flights', partitions: 3, replicas: 1 })
      for (const { kind, bytes } of blocksOf(input.subarray(1)).slice(0, 32)) {
        await session.write(written(kinds[kind % kinds.length]!, bytes))
      }
      await session.pass(100)
      return check(session, await session.leave())
    }),
}
