import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type Message, schemasParameter, TailraceError } from '@tailrace/schemas'
import { schemasFrame } from '@tailrace/schemas/foreign-streams'
import { WebSocketServer } from 'ws'
import { tokenSeal } from './partition-log.ts'
import { type PublishFrame, Session, type SessionHost } from './session.ts'
import type { World } from './world.ts'

/** One broker of a test cluster: a real WebSocket server on a real port with the real protocol. */
export class TestBroker implements SessionHost {
  readonly id: number
  readonly cluster: World
  readonly sessions = new Set<Session>()
  /** It takes connections and messages, and answers nothing. */
  isFrozen = false
  /** It answers no Fetch, and everything else. */
  isSlow = false
  /** Number of newest batches that its replicas lack. */
  lagEntries = 0
  /** Above 0: it is a cascade broker. */
  level = 0
  rack = ''
  /** Of a cascade broker: the topics that it copies; none: all. */
  topics: string[] = []
  /** Of a cascade broker: how far behind it says that it is, and the offset at which all its copies end. */
  lagMs = 0
  /** Connections that it tells of beside those that it has. */
  moreConnections = 0
  copiedTo = Number.MAX_SAFE_INTEGER
  /** The batches that it sends are damaged. */
  spoils = false
  /** Which batch its answers to a Fetch leave out, counted as by Array.at. */
  leavesOut: number | undefined
  /** Fetch requests that came. */
  fetches = 0
  /** Linearizable ones among them. */
  linearizableFetches = 0
  /** Answers HTTP requests, in the place of creating topics; undefined: the connection breaks. */
  onHttp: ((method: string, path: string, body: unknown) => { status: number; body?: unknown } | undefined) | undefined
  port = 0
  /** The port that clients are told; 0: its own. */
  advertisedPort = 0
  #server: Server | undefined

  constructor(cluster: World, id: number) {
    this.cluster = cluster
    this.id = id
  }

  get isUp(): boolean {
    return this.#server !== undefined
  }

  /** Subscriptions that it serves at the moment. */
  get subscriptions(): number {
    return [...this.sessions].reduce((sum, session) => sum + session.subscriptions, 0)
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#http(request, response))
    const sockets = new WebSocketServer({
      server,
      path: '/stream',
      maxPayload: 64 * 1024 * 1024,
      perMessageDeflate: false,
    })
    sockets.on('connection', (socket, { url }) => {
      // Clients under test are of this version: their protocol is known, that of a page as well.
      const named = new URL(url!, 'http://broker').searchParams.get(schemasParameter)
      if (named !== null) socket.send(Buffer.concat(schemasFrame(true, named)))
      const session = new Session(this, socket)
      this.sessions.add(session)
      this.cluster.connections++
      socket.on('close', () => this.sessions.delete(session))
      socket.on('error', () => {})
    })
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve))
    this.port = (server.address() as AddressInfo).port
    this.#server = server
  }

  /** Creates topics, as far as the cluster lets clients. */
  async #http(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece as Buffer)
    const text = Buffer.concat(pieces).toString()
    const sent: unknown = text === '' ? undefined : JSON.parse(text)
    if (this.onHttp !== undefined) {
      const answer = this.onHttp(request.method!, request.url!, sent)
      if (answer === undefined) request.socket.destroy()
      else response.writeHead(answer.status).end(answer.body === undefined ? '' : JSON.stringify(answer.body))
      return
    }
    const { name, partitions } = sent as { name: string; partitions: number }
    try {
      this.cluster.createForClient(name, partitions)
      response.writeHead(201).end('{}')
    } catch (error) {
      const refused = TailraceError.from(error)
      response.writeHead(refused.status).end(JSON.stringify(refused))
    }
  }

  /** Ends like a killed process: connections break, the port refuses. */
  async stop(): Promise<void> {
    const server = this.#server
    this.#server = undefined
    for (const session of this.sessions) session.drop()
    if (server !== undefined) await new Promise((resolve) => server.close(resolve))
  }

  /** Why this broker does not serve a partition; undefined when it does. */
  mayServe(topic: string, partition: number): TailraceError | undefined {
    if (this.cluster.partitions(topic) === 0 || this.level > 0) return undefined
    const leader = this.cluster.leader(topic, partition)
    if (leader === 0) return new TailraceError('LEADER_UNAVAILABLE')
    return leader === this.id || this.cluster.forwards ? undefined : new TailraceError('NOT_LEADER')
  }

  /** Answers as a replica that holds all but the newest `lagEntries`, or as the leader. Never, while it is slow. */
  fetch(session: Session, fields: Message<'Fetch'>): void {
    const { correlation, topic, partition, offset, maxBytes, replica = false, topicId, ...covered } = fields
    const { tokenIndex = 0, tokenTerm = 0, tokenSeal: seal = '' } = covered
    this.fetches++
    if (fields.linearizable) this.linearizableFetches++
    if (this.isFrozen || this.isSlow) return
    const refusal = replica ? undefined : this.mayServe(topic, partition)
    if (refusal !== undefined) throw refusal
    this.cluster.refuseAnother(topic, topicId)
    const log = this.cluster.log(topic, partition)
    const held = log.batches.slice(0, replica ? Math.max(0, log.batches.length - this.lagEntries) : undefined)
    if (tokenIndex > 0 && seal !== tokenSeal) throw new TailraceError('INVALID_REQUEST', 'token')
    if (tokenIndex > held.length || (tokenIndex > 0 && tokenTerm !== 1)) throw new TailraceError('NOT_CAUGHT_UP')
    const highWatermark = (held.at(-1)?.lastOffset ?? -1) + 1
    if (offset > highWatermark) throw new TailraceError('OFFSET_OUT_OF_RANGE')
    const batches = log.read(offset, maxBytes).filter((batch) => held.includes(batch))
    const nextOffset = (batches.at(-1)?.lastOffset ?? offset - 1) + 1
    const missing = this.leavesOut === undefined ? undefined : batches.at(this.leavesOut)
    const sent = batches.filter((batch) => batch !== missing)
    const bytes = sent.map((batch) => (this.spoils ? spoilt(batch.bytes) : batch.bytes))
    session.send('FetchReply', { correlation, nextOffset, highWatermark, logStart: 0 }, bytes)
  }

  async publish(session: Session, frame: PublishFrame): Promise<void> {
    const { name, fields, body } = frame
    const { correlation, topic, partition } = fields
    this.cluster.noteTransmission(this.id, topic, partition)
    try {
      if (this.isFrozen) return // It reads nothing, so it appends nothing.
      const fault = this.cluster.fault?.(this.id, fields, body) ?? {}
      const { retryAfterMs } = fault
      if (fault.error !== undefined && !fault.applied) {
        throw new TailraceError(fault.error, undefined, { retryAfterMs })
      }
      if (fault.drop && !fault.applied) return session.drop()
      const refusal = this.mayServe(topic, partition)
      if (refusal !== undefined) throw refusal
      if (this.cluster.partitions(topic) === 0) throw new TailraceError('UNKNOWN_TOPIC')
      this.cluster.refuseAnother(topic, fields.topicId)
      if (this.cluster.partitions(topic) <= partition) throw new TailraceError('UNKNOWN_PARTITION')
      const condition = frame.name === 'PublishIf' ? frame.fields : undefined
      const result = this.cluster.log(topic, partition).append(body, this.cluster.maxBatchBytes, condition)
      this.cluster.pushAll()
      if (fault.drop) return session.drop()
      if (fault.silent) return
      if (fault.lateMs !== undefined) await new Promise((resolve) => setTimeout(resolve, fault.lateMs))
      if (fault.error !== undefined) throw new TailraceError(fault.error)
      session.send(`${name}Reply`, { correlation, ...result, holders: this.cluster.holders })
    } finally {
      this.cluster.noteAnswer(this.id, topic, partition)
    }
  }
}

function spoilt(bytes: Uint8Array): Uint8Array {
  const copy = bytes.slice()
  copy[copy.length - 1]! ^= 1
  return copy
}
