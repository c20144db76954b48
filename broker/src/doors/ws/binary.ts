import {
  type AskerFields,
  type ClientMessageName,
  checkOffset,
  clientMessages,
  correlationOfUnknown,
  encodeFrame,
  type Frame,
  type FrameOf,
  type Message,
  parseFramePieces,
  TailraceError,
} from '@tailrace/schemas'
import type { ConsumerGroupBeat, ConsumerGroupsApi } from '../../api/consumer-groups-api.ts'
import { CarriedBeats } from '../../consumer-groups/asking/carried-beats.ts'
import { groupRequestOf } from '../../consumer-groups/wire/request-fields.ts'
import { groupResultFields } from '../../consumer-groups/wire/result-fields.ts'
import { conditionOf, fenceOf } from '../../partition/publish-condition.ts'
import { pause } from '../../platform/timing/pause.ts'
import { askerOf } from '../../security/identity/asker-fields.ts'
import { RequestContext } from '../limits/request-context.ts'
import type { Rights } from '../limits/rights.ts'
import { Subscription } from '../subscriptions/subscription.ts'
import { BinarySink } from './binary-sink.ts'
import { CascadeRequests } from './cascade-requests.ts'
import { ClientSchemas } from './client-schemas.ts'
import { OwnLatest } from './own-latest.ts'
import { CloseCode } from './socket.ts'
import type { BinaryClient, BinaryParts } from './stream-client.ts'

/** The Tailrace protocol on one WebSocket: a frame a message. Batches pass through as they are. */
export class BinaryProtocol {
  readonly #client: BinaryClient
  readonly #parts: BinaryParts
  readonly #context: RequestContext
  readonly #gone: AbortSignal
  readonly #ownLatest: OwnLatest
  readonly #schemas: ClientSchemas
  readonly #cascade: CascadeRequests
  #beats: CarriedBeats | null = null

  /** `gone` fires when the connection is closed. `schemas`: the fingerprint that the client has named, if it has. */
  constructor(client: BinaryClient, parts: BinaryParts, gone: AbortSignal, schemas: string | undefined) {
    this.#client = client
    this.#parts = parts
    this.#context = new RequestContext(client.sender, parts.metrics.transports.websocket_binary, parts)
    this.#gone = gone
    this.#ownLatest = new OwnLatest(client.subscriptions, parts.clock)
    this.#schemas = new ClientSchemas(schemas)
    this.#cascade = new CascadeRequests(client, this.#context)
  }

  /** Sends the first frame, once the connection is open. */
  welcome(): void {
    if (this.#schemas.welcome !== null) this.#client.sendPieces(this.#schemas.welcome)
  }

  receive(pieces: readonly Uint8Array[]): void {
    let frame: Frame
    try {
      frame = parseFramePieces(pieces, this.#schemas.decoder, this.#parts.limits.maxFrameBytes)
      if (this.#schemas.isAwaited) {
        this.#schemas.learn(frame)
        return
      }
    } catch (error) {
      this.#refuseFrame(pieces, this.#context.known(error, 'frame'))
      return
    }
    try {
      this.#dispatch(frame)
    } catch (error) {
      const known = this.#context.known(error, frame.name)
      if ('correlation' in frame.fields) this.sendFailure(frame.fields.correlation, known)
      else this.#client.fail(CloseCode.internalError, known)
    }
  }

  /** The client has ended the connection without a word, or its machine has. */
  abandoned(): void {
    this.#beats?.ended()
  }

  #dispatch(frame: Frame): void {
    if (!isOfClients(frame)) {
      this.#refuse(frame)
      return
    }
    if ('correlation' in frame.fields && frame.name !== 'Authenticate') this.#client.pay('requestsPerSecond', 1)
    switch (frame.name) {
      case 'Publish':
      case 'PublishIf':
        this.#publish(frame)
        break
      case 'Fetch':
        this.#fetch(frame)
        break
      case 'FindOffset':
        this.#findOffset(frame)
        break
      case 'InitProducer':
        this.#initProducer(frame)
        break
      case 'Metadata':
        this.#metadata(frame)
        break
      case 'Brokers':
        this.#brokers(frame)
        break
      case 'ConsumerGroup':
        this.#consumerGroup(frame)
        break
      case 'Authenticate':
        this.#answer(frame, 0, this.#client.authentication.step(frame.fields), (reply) =>
          this.#client.sendPieces(encodeFrame('AuthenticateReply', reply)),
        )
        break
      case 'CascadeBeat':
        this.#cascadeBeat(frame)
        break
      case 'CascadeTopics':
        this.#client.sendPieces(encodeFrame('CascadeTopicsReply', this.#cascade.topics(frame.fields)))
        break
      case 'CascadeSecurity':
        this.#client.sendPieces(encodeFrame('CascadeSecurityReply', this.#cascade.security(frame.fields)))
        break
      case 'Subscribe':
        this.#subscribe(frame)
        break
      case 'Credit':
        this.#credit(frame)
        break
      case 'Unsubscribe':
        this.#client.subscriptions.remove(subscriptionKey(frame.fields.subscription))
        break
    }
  }

  sendFailure(correlation: number, error: TailraceError): void {
    this.#context.metrics.failed(error.code)
    this.#client.sendPieces(encodeFrame('Failure', { correlation, error: error.toJSON() }))
  }

  /**
   * Calls api.publish before it returns, so that frames are appended in the order in which they arrive; but see
   * OwnLatest.
   */
  #publish(frame: FrameOf<'Publish'> | FrameOf<'PublishIf'>): void {
    const { name, fields, body } = frame
    const { correlation, topic, partition, topicId } = fields
    this.#context.checkWrite()
    const condition = name === 'PublishIf' ? conditionOf(fields) : undefined
    if (body.length === 0 && condition?.fence === undefined) {
      throw new TailraceError('INVALID_BATCH', 'The body is empty.')
    }
    const rights = this.#rightsOf(fields)
    const creator = { rights, quotas: this.#client.sender.quotas }
    const bytes = body.length
    this.#client.pay('produceBytesPerSecond', bytes)
    const timeoutMs = this.#context.publishMs(fields.timeoutMs)
    const started = this.#context.now()
    this.#answer(
      frame,
      bytes,
      this.#ownLatest.behind(topic, partition, timeoutMs, () =>
        this.#parts.creation.orCreate(creator, topic, topicId, () =>
          rights.api.publish(topic, partition, body, { timeoutMs, wait: false, topicId, condition }),
        ),
      ),
      (result) => {
        const { baseOffset, lastOffset, duplicate, token, holders = [] } = result
        const batches = bytes === 0 ? 0 : 1
        this.#context.published({ bytes, records: lastOffset - baseOffset + 1, batches }, started)
        const fields = { correlation, baseOffset, lastOffset, duplicate, ...token, holders: [...holders] }
        this.#client.sendPieces(encodeFrame(`${name}Reply`, fields))
      },
    )
  }

  #fetch(frame: FrameOf<'Fetch'>): void {
    const { fields } = frame
    const { correlation, topic, partition, offset } = fields
    checkOffset(offset)
    const { maxBytes, waitMs } = fields
    const { tokenTerm = 0, tokenIndex = 0, tokenSeal = '', replica = false, topicId, linearizable = false } = fields
    // A wrong index is a client's mistake that the log must never see.
    if (tokenTerm < 0 || tokenIndex < 0) throw new TailraceError('INVALID_REQUEST', 'A token is below 0.')
    const token = tokenIndex > 0 ? { token: { term: tokenTerm, index: tokenIndex, seal: tokenSeal } } : {}
    const asked = { offset, maxBytes, waitMs, replica, linearizable, ...token, topicId }
    const request = this.#context.read(asked, this.#gone)
    const { quotas } = this.#client.sender
    const ms = quotas.turn('fetchBytesPerSecond')
    const poller = { rights: this.#rightsOf(fields), reads: this.#client.reads }
    const fetch = () => this.#parts.polls.read(poller, topic, partition, request)
    this.#answer(
      frame,
      0,
      ms === 0 ? fetch() : pause(this.#parts.clock, ms, this.#gone).then(fetch),
      ({ delivery }) => {
        // Many large fetches at once by a client that does not read would fill the memory.
        if (this.#client.overfull) throw new TailraceError('OVERLOADED', 'Read the answers first.')
        const { found, counts } = delivery
        this.#context.metrics.fetched(found, counts)
        quotas.spend('fetchBytesPerSecond', found.bytes)
        const { nextOffset, highWatermark, logStart } = found
        this.#client.sendPieces(
          encodeFrame('FetchReply', { correlation, nextOffset, highWatermark, logStart }, found.batches),
        )
      },
    )
  }

  #findOffset(frame: FrameOf<'FindOffset'>): void {
    const { fields } = frame
    const { correlation, topic, partition, position, topicId, linearizable } = fields
    const found = this.#rightsOf(fields).api.findOffset(topic, partition, position, { topicId, linearizable })
    this.#answer(frame, 0, found, (result) => {
      const { offset, highWatermark, logStart } = result
      const place = { correlation, offset, highWatermark, logStart, ...fenceOf(result) }
      this.#client.sendPieces(encodeFrame('FindOffsetReply', place))
    })
  }

  #initProducer(frame: FrameOf<'InitProducer'>): void {
    const { fields } = frame
    const { correlation } = fields
    const { api } = this.#rightsOf(fields)
    this.#context.takeProducer()
    this.#answer(frame, 0, api.initProducer(), ({ producerId, epoch }) => {
      this.#client.sendPieces(encodeFrame('InitProducerReply', { correlation, producerId, epoch }))
    })
  }

  /** Of the client for which a cascade broker asks, or of the sender. */
  #rightsOf(fields: { readonly asker?: AskerFields | null }): Rights {
    return fields.asker == null ? this.#context.rights : this.#context.rights.for(askerOf(fields))
  }

  #metadata(frame: FrameOf<'Metadata'>): void {
    this.#checkMetadata()
    const { create = [] } = frame.fields
    const { api } = this.#context.rights
    const { topics, denied = [] } = api.routing(create)
    const answered = new Set([...topics.map(({ name }) => name), ...denied])
    const missing = create.filter((name) => !answered.has(name))
    if (missing.length === 0) this.#tellMetadata(frame.fields)
    else this.#answer(frame, 0, this.#createAll(missing), (refused) => this.#tellMetadata(frame.fields, refused))
  }

  /** Resolves with those that the client may not create. */
  async #createAll(topics: readonly string[]): Promise<string[]> {
    const refused: string[] = []
    for (const topic of topics) {
      try {
        await this.#parts.creation.create(this.#client.sender, topic)
      } catch (error) {
        const { code } = TailraceError.from(error)
        if (code === 'AUTHORIZATION_FAILED' || code === 'AUTHENTICATION_REQUIRED') refused.push(topic)
        else if (code !== 'UNKNOWN_TOPIC') throw error
      }
    }
    return refused
  }

  #tellMetadata({ correlation, topics: asked }: Message<'Metadata'>, refused: readonly string[] = []): void {
    const { clusterId, brokers, topics, denied = [] } = this.#context.rights.api.routing(asked)
    const reply = { correlation, clusterId, brokers, topics, denied: [...denied, ...refused] }
    this.#client.sendPieces(encodeFrame('MetadataReply', reply))
  }

  #brokers(frame: FrameOf<'Brokers'>): void {
    this.#checkMetadata()
    this.#answer(frame, 0, this.#parts.brokers.get(), (brokers) => {
      this.#client.sendPieces(encodeFrame('BrokersReply', { correlation: frame.fields.correlation, ...brokers }))
    })
  }

  #consumerGroup(frame: FrameOf<'ConsumerGroup'>): void {
    const { fields } = frame
    const request = groupRequestOf(fields)
    if (request.kind !== 'describe' && request.kind !== 'list') this.#context.checkWrite()
    const { consumerGroups } = this.#rightsOf(fields)
    const asked = request.kind === 'beat' ? this.#carried(request, consumerGroups) : request
    this.#answer(frame, 0, consumerGroups.ask(asked), (result) => {
      if (this.#client.overfull) throw new TailraceError('OVERLOADED', 'Read the answers first.')
      const reply = { correlation: fields.correlation, result: groupResultFields(result) }
      this.#client.sendPieces(encodeFrame('ConsumerGroupReply', reply))
    })
  }

  #carried(beat: ConsumerGroupBeat, api: ConsumerGroupsApi): ConsumerGroupBeat {
    const { services, random } = this.#parts
    this.#beats ??= new CarriedBeats(`${services.api.brokerId}.${random.uuid()}`)
    return this.#beats.carry({ ...beat, clientId: beat.clientId || this.#client.sender.clientId }, api)
  }

  #checkMetadata(): void {
    // Answers are much larger than requests: many requests by a client that does not read would fill the memory.
    if (this.#client.overfull) throw new TailraceError('OVERLOADED', 'Read the answers first.')
    // The brokers and their addresses are for those that may ask for anything at all.
    if (this.#parts.services.authorizer.admitsAnybody(this.#context.rights.session)) return
    throw new TailraceError('AUTHENTICATION_REQUIRED', 'To ask for metadata.')
  }

  #cascadeBeat(frame: FrameOf<'CascadeBeat'>): void {
    const { fields } = frame
    this.#answer(frame, 0, this.#cascade.beat(fields), (reply) => {
      this.#client.sender.quotas.copiesAs(fields.broker)
      this.#client.sendPieces(encodeFrame('CascadeBeatReply', reply))
    })
  }

  #subscribe({ fields }: FrameOf<'Subscribe'>): void {
    const { subscription: id, topic, position, partitions, credit, replica = false, topicId } = fields
    const key = subscriptionKey(id)
    const sink = new BinarySink(id, this.#client, this.#context.metrics, this.#cascade.isCascade)
    let subscription: Subscription | null = null
    try {
      const { clock, random, ends } = this.#parts
      const { rights } = this.#context
      const onEnd = () => this.#client.subscriptions.remove(key)
      const request = { topic, position, partitions, credit: Math.max(credit, 0), replica, topicId }
      this.#client.pay('requestsPerSecond', 1)
      rights.checkRead(topic)
      const reading = { api: rights.api, checkRead: (name: string) => rights.checkRead(name), ends }
      subscription = new Subscription(request, { ...reading, clock, random, client: this.#client, sink, onEnd })
      this.#client.subscriptions.add(key, subscription, this.#context.metrics)
      subscription.start()
    } catch (error) {
      subscription?.close()
      // The answer says that this id has no subscription, so one that had the id must end too.
      this.#client.subscriptions.remove(key)
      sink.ended(null, this.#context.known(error, 'Subscribe'))
    }
  }

  #credit({ fields }: FrameOf<'Credit'>): void {
    // Credit may cross the end of its subscription on the way, hence no error.
    if (fields.bytes > 0) this.#client.subscriptions.get(subscriptionKey(fields.subscription))?.grant(fields.bytes)
  }

  /**
   * A newer client may send a request that this broker does not know, and gets a Failure. A frame that cannot be read
   * for another reason ends the connection.
   */
  #refuseFrame(pieces: readonly Uint8Array[], error: TailraceError): void {
    const correlation = correlationOfUnknown(
      pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces),
      this.#schemas.decoder,
    )
    if (correlation === undefined) {
      this.#client.fail(error.code === 'FRAME_TOO_LARGE' ? CloseCode.tooLarge : CloseCode.protocolError, error)
    } else if (correlation !== null) this.sendFailure(correlation, error)
  }

  #refuse(frame: Frame): void {
    const error = new TailraceError('UNSUPPORTED_MESSAGE', `${frame.name} is not for clients.`)
    if ('correlation' in frame.fields) this.sendFailure(frame.fields.correlation, error)
    else this.#client.fail(CloseCode.protocolError, error)
  }

  #answer<Result>(
    frame: { readonly name: string; readonly fields: { readonly correlation: number } },
    bytes: number,
    work: Promise<Result>,
    reply: (result: Result) => void,
  ): void {
    this.#client.hold(bytes)
    const answered = work.then(reply).then(
      () => this.#client.release(bytes),
      (error) => {
        if (!this.#gone.aborted) this.sendFailure(frame.fields.correlation, this.#context.known(error, frame.name))
        this.#client.release(bytes)
      },
    )
    answered.catch((error) => this.#client.fault(error))
  }
}

type ClientFrame = { [Name in ClientMessageName]: FrameOf<Name> }[ClientMessageName]

function isOfClients(frame: Frame): frame is ClientFrame {
  return (clientMessages as readonly string[]).includes(frame.name)
}

function subscriptionKey(id: number): string {
  return `#${id}`
}
