import {
  BatchWriter,
  Compression,
  encodeFrame,
  type Frame,
  type Message,
  type MessageName,
  parseFrame,
  TailraceError,
} from '@tailrace/schemas'
import { WebSocket } from 'ws'
import type { SecurityService } from '../../api/security-api.ts'
import type { CascadeApi } from '../../cascade/wire/cascade-messages.ts'
import type { Clock } from '../../platform/clock.ts'
import type { Random } from '../../platform/random.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import { createHttpGateway, type HttpGateway, type HttpGatewayParts } from '../server.ts'
import { MemoryAdmin } from './memory-admin.ts'
import { MemoryBroker } from './memory-broker.ts'
import { MemoryConsumerGroups } from './memory-consumer-groups.ts'
import { MemoryStreams } from './memory-streams.ts'
import { type TestAccess, testServices } from './test-services.ts'

export interface Fixture {
  readonly broker: MemoryBroker
  readonly admin: MemoryAdmin
  readonly consumerGroups: MemoryConsumerGroups
  readonly gateway: HttpGateway
  readonly address: string
  readonly url: string
  /** The errors that were logged; a test of good and bad input leaves it empty. */
  readonly logged: { fields: object; message: string }[]
}

const noCascade: CascadeApi = {
  beat: () => Promise.reject(new TailraceError('NOT_READY')),
  topicPage: () => ({ digest: '', version: 0, total: 0, topics: [] }),
  securityPage: () => ({ digest: '', total: 0, users: [], tokens: [], acls: [], quotas: [], quotaTotal: 0 }),
  status: async () => ({ brokers: [] }),
  assign: () => Promise.reject(new TailraceError('UNKNOWN_BROKER')),
}

/** A gateway on a free port of loopback, with a topic `flights` of three partitions. */
export async function startGateway(
  clock: Clock,
  random: Random,
  limits: Partial<GatewayLimits> = {},
  cascade: CascadeApi = noCascade,
  access: TestAccess = {},
  more: { readonly security?: SecurityService } & Pick<HttpGatewayParts, 'tls' | 'console' | 'series'> = {},
): Promise<Fixture> {
  const broker = new MemoryBroker(clock)
  await broker.createTopic({ name: 'flights', partitions: 3, replicas: 1 })
  const admin = new MemoryAdmin(broker)
  const consumerGroups = new MemoryConsumerGroups()
  const streams = await MemoryStreams.open(clock)
  const logged: Fixture['logged'] = []
  const log = {
    info: () => {},
    warn: () => {},
    error: (fields: object, message: string) => void logged.push({ fields, message }),
  }
  const gateway = await createHttpGateway({
    services: testServices(
      { api: broker, admin, consumerGroups, streams, cascade, ...more },
      { clock, random, ...access },
    ),
    clock,
    random,
    log,
    limits,
    tls: more.tls,
    ...(more.console && { console: more.console }),
    ...(more.series && { series: more.series }),
    listen: { host: '127.0.0.1', port: 0 },
  })
  const address = await gateway.listen()
  return { broker, admin, consumerGroups, gateway, address, url: `http://${address}`, logged }
}

/** A WebSocket whose messages are read one after the other. */
export class Client {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  /** Answers to subscribe messages that `nextJson` has skipped. */
  readonly subscribed: object[] = []
  readonly #messages: (string | Uint8Array)[] = []
  readonly #readers: ((message: string | Uint8Array) => void)[] = []

  /** `query`: of the address, as `?schemas=…`. */
  constructor(address: string, headers: Record<string, string> = {}, query = '') {
    this.socket = new WebSocket(`ws://${address}/stream${query}`, { headers })
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    this.socket.on('error', () => {})
    this.socket.on('message', (data: Buffer, isBinary) => {
      const message = isBinary ? new Uint8Array(data) : data.toString()
      const reader = this.#readers.shift()
      if (reader === undefined) this.#messages.push(message)
      else reader(message)
    })
  }

  async open(): Promise<this> {
    await new Promise((resolve, reject) => {
      this.socket.once('open', resolve)
      this.socket.once('error', reject)
    })
    return this
  }

  /** Messages that came and were not read. */
  get waiting(): number {
    return this.#messages.length
  }

  next(): Promise<string | Uint8Array> {
    const message = this.#messages.shift()
    return message === undefined ? new Promise((resolve) => this.#readers.push(resolve)) : Promise.resolve(message)
  }

  // biome-ignore lint/suspicious/noExplicitAny: what the assertions are about
  async nextJson(): Promise<any> {
    for (;;) {
      const message = JSON.parse((await this.next()) as string)
      if (message.op !== 'subscribed') return message
      this.subscribed.push(message)
    }
  }

  async nextFrame(): Promise<Frame> {
    return parseFrame((await this.next()) as Uint8Array)
  }

  json(message: object): void {
    this.socket.send(JSON.stringify(message))
  }

  frame<Name extends MessageName>(name: Name, fields: Message<Name>, body: Uint8Array[] = []): void {
    this.socket.send(Buffer.concat(encodeFrame(name, fields, body)))
  }
}

/** A batch of records with these values, from no producer. */
export function batchOf(
  values: (string | Uint8Array)[],
  compression = Compression.none as number,
  compress?: (bytes: Uint8Array) => Uint8Array,
): Uint8Array {
  const writer = new BatchWriter()
  for (const value of values) writer.append({ timestamp: 1_000, key: null, value, headers: [] })
  return writer.finish({ producerId: -1, producerEpoch: -1, baseSequence: -1, compression, compress })
}
