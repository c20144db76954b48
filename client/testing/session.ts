import * as schemas from '@tailrace/schemas'
import { encodeFrame, type Message, type MessageName, parseFrame, TailraceError } from '@tailrace/schemas'
import type { WebSocket } from 'ws'
import type { World } from './world.ts'

interface Cursor {
  readonly partition: number
  offset: number
}
interface Subscription {
  readonly topic: string
  readonly cursors: Cursor[]
  credit: number
}

/** The two ways to publish. */
export type PublishFrame = schemas.FrameOf<'Publish'> | schemas.FrameOf<'PublishIf'>

/** The broker of a session. */
export interface SessionHost {
  readonly cluster: World
  /** It takes messages and answers nothing. */
  readonly isFrozen: boolean
  readonly id: number
  readonly port: number
  readonly level: number
  readonly topics: readonly string[]
  readonly copiedTo: number
  /** Why this broker does not serve a partition; undefined when it does. */
  mayServe(topic: string, partition: number): TailraceError | undefined
  publish(session: Session, frame: PublishFrame): Promise<void>
  fetch(session: Session, fields: Message<'Fetch'>): void
}

/** One client's connection to a test broker. */
export class Session {
  readonly #broker: SessionHost
  readonly #socket: WebSocket
  readonly #subscriptions = new Map<number, Subscription>()

  get subscriptions(): number {
    return this.#subscriptions.size
  }

  /** Bytes that this client may still be sent. */
  get credit(): number {
    let bytes = 0
    for (const { credit } of this.#subscriptions.values()) bytes += Math.max(0, credit)
    return bytes
  }

  constructor(broker: SessionHost, socket: WebSocket) {
    this.#broker = broker
    this.#socket = socket
    socket.on('message', (data) => void this.#receive(data as Buffer))
  }

  drop(): void {
    this.#socket.terminate()
  }

  send<Name extends MessageName>(name: Name, fields: Message<Name>, body: Uint8Array[] = []): void {
    if (this.#broker.isFrozen || this.#socket.readyState !== this.#socket.OPEN) return
    this.#socket.send(Buffer.concat(encodeFrame(name, fields, body)))
  }

  /** Ends every subscription of a partition, as a broker does that no longer leads it. */
  endPartition(topic: string, partition: number, error: TailraceError): void {
    for (const [subscription, { topic: subscribed, cursors }] of this.#subscriptions) {
      const at = cursors.findIndex((cursor) => cursor.partition === partition)
      if (subscribed !== topic || at < 0) continue
      cursors.splice(at, 1)
      this.send('SubscriptionEnd', { subscription, partition, error: error.toJSON() })
    }
  }

  /** Ends every subscription of a topic, as a broker does that learns that it is deleted. */
  endTopic(topic: string): void {
    const error = new TailraceError('UNKNOWN_TOPIC', topic).toJSON()
    for (const [subscription, { topic: subscribed }] of this.#subscriptions) {
      if (subscribed !== topic) continue
      this.#subscriptions.delete(subscription)
      this.send('SubscriptionEnd', { subscription, partition: -1, error })
    }
  }

  /** Sends what subscribers may have. Credit may be overdrawn by one batch, since a batch is never cut. */
  push(): void {
    for (const [subscription, state] of this.#subscriptions) {
      for (const cursor of state.cursors) this.#pushPartition(subscription, state, cursor)
    }
  }

  #pushPartition(subscription: number, state: Subscription, cursor: Cursor): void {
    const log = this.#broker.cluster.log(state.topic, cursor.partition)
    const end = this.#endOf(state.topic, cursor.partition)
    while (state.credit > 0 && cursor.offset < end) {
      const read = log.read(cursor.offset, Math.min(state.credit, this.#broker.cluster.maxPushBytes))
      const batches = read.filter(({ lastOffset }) => lastOffset < end)
      if (batches.length === 0) return
      let bytes = 0
      for (const batch of batches) bytes += batch.bytes.length
      cursor.offset = batches.at(-1)!.lastOffset + 1
      state.credit -= bytes
      this.#broker.cluster.pushedBytes += bytes
      const fields = {
        subscription,
        partition: cursor.partition,
        nextOffset: cursor.offset,
        highWatermark: end,
      }
      const altered = this.#broker.cluster.alterPush?.(batches)
      if (altered === 'drop connection') {
        this.drop()
        return
      }
      this.send(
        'Records',
        fields,
        (altered ?? batches).map((batch) => batch.bytes),
      )
    }
  }

  async #receive(bytes: Buffer): Promise<void> {
    const frame = parseFrame(new Uint8Array(bytes))
    const correlation = 'correlation' in frame.fields ? frame.fields.correlation : 0
    try {
      if (frame.name === 'Publish' || frame.name === 'PublishIf') await this.#broker.publish(this, frame)
      else if (frame.name === 'Fetch') this.#broker.fetch(this, frame.fields)
      else if (frame.name === 'FindOffset') this.#findOffset(frame.fields)
      else if (frame.name === 'Metadata') this.#metadata(frame.fields)
      else if (frame.name === 'Brokers') this.send('BrokersReply', { correlation, ...this.#broker.cluster.told() })
      else if (frame.name === 'InitProducer')
        this.send('InitProducerReply', { correlation, ...this.#broker.cluster.newProducer() })
      else if (frame.name === 'ConsumerGroup') await this.#ask(frame.fields)
      else if (frame.name === 'Subscribe') this.#subscribe(frame.fields)
      else if (frame.name === 'Credit') this.#credit(frame.fields)
      else if (frame.name === 'Unsubscribe') this.#subscriptions.delete(frame.fields.subscription)
      else throw new TailraceError('UNSUPPORTED_MESSAGE', frame.name)
    } catch (error) {
      this.send('Failure', { correlation, error: (error as TailraceError).toJSON() })
    }
  }

  async #ask(fields: Message<'ConsumerGroup'>): Promise<void> {
    if (this.#broker.isFrozen) return
    const result = await this.#broker.cluster.group(fields.group).ask(fields)
    this.send('ConsumerGroupReply', { correlation: fields.correlation, result })
  }

  #metadata({ correlation, topics }: Message<'Metadata'>): void {
    const told = this.#broker.cluster.metadata(topics)
    this.send('MetadataReply', { correlation, ...(this.#broker.level === 0 ? told : this.#asCascade(told)) })
  }

  /** A cascade broker says that it leads everything itself, with a term that any broker of level 0 replaces. */
  #asCascade(told: Omit<Message<'MetadataReply'>, 'correlation'>): Omit<Message<'MetadataReply'>, 'correlation'> {
    const { id, port } = this.#broker
    const topics = told.topics.map((topic) => {
      const partitions = topic.partitions.map((one) => ({ ...one, leader: id, term: 0, replicas: [id] }))
      return { ...topic, partitions }
    })
    return { ...told, brokers: [{ id, http: `127.0.0.1:${port}`, alive: true }], topics }
  }

  #endOf(topic: string, partition: number): number {
    return Math.min(this.#broker.copiedTo, this.#broker.cluster.log(topic, partition).highWatermark)
  }

  #subscribe({ subscription, topic, position, partitions, credit, replica, topicId }: Message<'Subscribe'>): void {
    const end = (partition: number, error: TailraceError): void => {
      const log = error.code === 'OFFSET_OUT_OF_RANGE' ? this.#broker.cluster.log(topic, partition) : undefined
      const { logStart = -1, highWatermark = -1 } = log ?? {}
      this.send('SubscriptionEnd', { subscription, partition, error: error.toJSON(), logStart, highWatermark })
    }
    const count = this.#broker.cluster.partitions(topic)
    if (count === 0) {
      end(-1, new TailraceError('UNKNOWN_TOPIC', topic))
      return
    }
    try {
      const { topics } = this.#broker
      if (topics.length > 0 && !topics.includes(topic)) throw new TailraceError('TOPIC_NOT_COPIED')
      this.#broker.cluster.refuseAnother(topic, topicId)
    } catch (error) {
      end(-1, error as TailraceError)
      return
    }
    const wanted =
      partitions.length > 0 ? partitions : Array.from({ length: count }, (_, partition) => ({ partition, position }))
    const cursors: Cursor[] = []
    const answer: Message<'Subscribed'>['partitions'] = []
    const refused: [number, TailraceError][] = []
    for (const { partition, position: from } of wanted) {
      const log = this.#broker.cluster.log(topic, partition)
      const refusal = replica ? undefined : this.#broker.mayServe(topic, partition)
      const offset = this.#find(topic, partition, from)
      if (refusal !== undefined) refused.push([partition, refusal])
      else if (offset > this.#endOf(topic, partition) || offset < log.logStart)
        refused.push([partition, new TailraceError('OFFSET_OUT_OF_RANGE')])
      else {
        cursors.push({ partition, offset })
        answer.push({ partition, offset, highWatermark: this.#endOf(topic, partition) })
      }
    }
    this.#subscriptions.set(subscription, { topic, cursors, credit })
    this.send('Subscribed', { subscription, partitions: answer })
    for (const [partition, error] of refused) end(partition, error)
    this.push()
  }

  #find(topic: string, partition: number, { kind, value }: schemas.Position): number {
    const log = this.#broker.cluster.log(topic, partition)
    if (kind === 'EARLIEST') return log.logStart
    if (kind === 'LATEST') return log.highWatermark
    if (kind === 'OFFSET') return value
    for (const { bytes } of log.batches) {
      const found = schemas.decodeBatch(bytes, 0, {}).find((record) => record.timestamp >= value)
      if (found !== undefined) return found.offset
    }
    return log.highWatermark
  }

  #findOffset({ correlation, topic, partition, position, topicId }: Message<'FindOffset'>): void {
    const { cluster } = this.#broker
    cluster.refuseAnother(topic, topicId)
    const refusal = this.#broker.mayServe(topic, partition)
    if (refusal !== undefined) throw refusal
    const { logStart, highWatermark } = cluster.log(topic, partition)
    const offset = this.#find(topic, partition, position)
    if (offset < logStart || offset > highWatermark) throw new TailraceError('OFFSET_OUT_OF_RANGE')
    this.send('FindOffsetReply', { correlation, offset, highWatermark, logStart, fence: -1 })
  }

  #credit({ subscription, bytes }: Message<'Credit'>): void {
    const state = this.#subscriptions.get(subscription)
    if (state === undefined) return
    state.credit += bytes
    this.push()
  }
}
