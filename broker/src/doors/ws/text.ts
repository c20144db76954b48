import { TailraceError } from '@tailrace/schemas'
import { placeOf } from '../json/conditional-publish.ts'
import { checkValues } from '../json/json-values.ts'
import { recordsFromJson } from '../json/record.ts'
import { RequestContext } from '../limits/request-context.ts'
import { Subscription } from '../subscriptions/subscription.ts'
import type { OutOfRange } from '../subscriptions/subscription-sink.ts'
import { OwnLatest } from './own-latest.ts'
import type { StreamClient, StreamParts } from './stream-client.ts'
import { SubjectWatch } from './subject-watch.ts'
import { subjectOf } from './subjects/subjects.ts'
import { idOf, objectFromText, requestFrom, type TextId, type TextRequest } from './text-requests.ts'
import { TextSink } from './text-sink.ts'
import { Watch } from './watch.ts'

const paidOps: ReadonlySet<TextRequest['op']> = new Set(['subscribe', 'publish', 'publish-if', 'watch'])

/**
 * JSON on one WebSocket, for people and small scripts: the same subscriptions and publishing, a JSON object a message.
 */
export class TextProtocol {
  readonly #client: StreamClient
  readonly #parts: StreamParts
  readonly #context: RequestContext
  readonly #ownLatest: OwnLatest
  /** Publishes of a connection are done one after the other, so that their records keep its order. */
  #lastPublish: Promise<void> = Promise.resolve()

  constructor(client: StreamClient, parts: StreamParts) {
    this.#client = client
    this.#parts = parts
    this.#ownLatest = new OwnLatest(client.subscriptions, parts.clock)
    this.#context = new RequestContext(client.sender, parts.metrics.transports.websocket_json, parts)
  }

  /**
   * A message that cannot be used is answered with an error and the connection stays: a typing error should not end a
   * session.
   */
  receive(data: Buffer): void {
    let [id, asked]: [TextId | undefined, string] = [undefined, 'message']
    try {
      checkValues(data)
      const message = objectFromText(data.toString('utf8'))
      id = idOf(message)
      const request = requestFrom(message)
      asked = request.op
      this.#handle(request, data.length)
    } catch (error) {
      this.sendError(id, this.#context.known(error, asked))
    }
  }

  sendError(id: TextId | undefined, error: TailraceError, place: { partition?: number } = {}): void {
    this.#context.metrics.failed(error.code)
    this.#client.sendText(JSON.stringify({ op: 'error', id, ...place, ...error.toJSON() }))
  }

  #handle(request: TextRequest, bytes: number): void {
    if (paidOps.has(request.op)) this.#client.pay('requestsPerSecond', 1)
    switch (request.op) {
      case 'subscribe':
        this.#subscribe(request)
        break
      case 'credit': {
        const subscription = this.#client.subscriptions.get(keyOf(request.id))
        if (subscription === undefined) throw new TailraceError('UNKNOWN_SUBSCRIPTION', String(request.id))
        subscription.grant(request.bytes)
        break
      }
      case 'unsubscribe':
        if (!this.#client.subscriptions.remove(keyOf(request.id))) {
          throw new TailraceError('UNKNOWN_SUBSCRIPTION', String(request.id))
        }
        this.#client.sendText(JSON.stringify({ op: 'unsubscribed', id: request.id }))
        break
      case 'authenticate':
        this.#authenticate(request)
        break
      case 'watch':
        this.#watch(request)
        break
      case 'unwatch':
        if (!this.#client.watches.remove(keyOf(request.id))) {
          throw new TailraceError('UNKNOWN_SUBSCRIPTION', String(request.id))
        }
        this.#client.sendText(JSON.stringify({ op: 'unwatched', id: request.id }))
        break
      case 'publish':
        this.#publish(request, bytes)
        break
      case 'publish-if':
        this.#publishIf(request, bytes)
        break
    }
  }

  #subscribe(request: TextRequest & { op: 'subscribe' }): void {
    const { clock, random, texts, ends } = this.#parts
    const { rights } = this.#context
    const key = keyOf(request.id)
    const tellError = (partition: number | null, error: TailraceError, range?: OutOfRange) =>
      this.sendError(request.id, error, partition === null ? {} : { partition, ...shownRange(range) })
    const [client, metrics] = [this.#client, this.#context.metrics]
    const sink = new TextSink(request, { client, metrics, texts }, tellError)
    const onEnd = () => this.#client.subscriptions.remove(key)
    rights.checkRead(request.topic)
    const reading = { api: rights.api, checkRead: (name: string) => rights.checkRead(name), ends }
    const subscription = new Subscription(request, { ...reading, clock, random, client, sink, onEnd })
    try {
      this.#client.subscriptions.add(key, subscription, this.#context.metrics)
    } catch (error) {
      subscription.close()
      throw error
    }
    subscription.start()
  }

  #watch(request: TextRequest & { op: 'watch' }): void {
    const { id } = request
    const [client, { rights }] = [this.#client, this.#context]
    const { answers, clock, services, views } = this.#parts
    if (!services.authorizer.admitsAnybody(rights.session)) throw new TailraceError('AUTHENTICATION_REQUIRED')
    const fail = (error: unknown) => {
      if (!(error instanceof TailraceError)) return client.fault(error)
      client.watches.remove(keyOf(id))
      this.sendError(id, error)
    }
    if (request.of === 'broker') {
      const { authorizer } = services
      const watch = new Watch(id, request.topics, { client, rights, authorizer, clock, fail })
      client.watches.put(keyOf(id), { start: () => views.add(watch), stop: () => views.remove(watch) })
    } else {
      const subject = subjectOf(request)
      // A refusal ends the one that has had the id, as any error with the id does.
      client.watches.remove(keyOf(id))
      subject.check(rights)
      const watch = new SubjectWatch(id, subject, { client, rights, clock, fail })
      client.watches.put(keyOf(id), { start: () => answers.add(watch), stop: () => answers.remove(watch) })
    }
  }

  /** As the binary Authenticate, for people and browsers. */
  #authenticate({ id, credential }: TextRequest & { op: 'authenticate' }): void {
    const { authentication, sender } = this.#client
    if (credential.token === undefined && !sender.secret) {
      throw new TailraceError('AUTHENTICATION_FAILED', 'A password is taken over TLS, or from this machine itself.')
    }
    this.#client.hold(0)
    const work =
      credential.token === undefined
        ? authentication.password(credential.user, credential.password)
        : authentication.token(credential.token)
    work
      .then(({ principal, expiresAt }) =>
        this.#client.sendText(JSON.stringify({ op: 'authenticated', id, principal, expiresAt })),
      )
      .catch((error) => this.sendError(id, this.#context.known(error, 'authenticate')))
      .then(() => this.#client.release(0))
      .catch((error) => this.#client.fault(error))
  }

  #publish({ id, topic, topicId, records }: TextRequest & { op: 'publish' }, bytes: number): void {
    this.#context.checkWrite()
    const inputs = recordsFromJson(records)
    const { publisher } = this.#parts
    this.#inTurn({ id, topic, topicId, partition: null, bytes, op: 'publish' }, async (context) => {
      const { offsets, tokens, batches } = await publisher.publish(context.rights, topic, inputs, topicId)
      return { records: inputs.length, batches, answer: { offsets, tokens } }
    })
  }

  #publishIf({ id, op, topic, topicId, ...asked }: TextRequest & { op: 'publish-if' }, bytes: number): void {
    this.#context.checkWrite()
    const { partition, records } = asked
    this.#inTurn({ id, topic, topicId, partition, bytes, op }, async (context) => {
      const result = await this.#parts.publisher.publishIf(context.rights, topic, asked, topicId)
      return { records: records.length, batches: Math.min(records.length, 1), answer: placeOf(partition, result) }
    })
  }

  /** Publishes behind those that this connection has sent before. */
  #inTurn(turn: PublishTurn, publish: (context: RequestContext) => Promise<Told>): void {
    const { id, topic, topicId, partition, bytes, op } = turn
    this.#client.pay('produceBytesPerSecond', bytes)
    const started = this.#context.now()
    const taken = this.#client.takeIn(bytes)
    this.#client.hold(bytes)
    const published = this.#lastPublish.then(async () => {
      try {
        const write = () => publish(this.#context)
        const work = () => this.#parts.creation.orCreate(this.#client.sender, topic, topicId, write)
        const told = await this.#ownLatest.behind(topic, partition, this.#context.publishMs(), work)
        const { records, batches, answer } = told
        this.#context.published({ bytes, records, batches }, started)
        this.#client.sendText(JSON.stringify({ op: 'ack', id, ...answer }))
      } catch (error) {
        this.sendError(id, this.#context.known(error, op))
      }
      taken.release()
      this.#client.release(bytes)
    })
    this.#lastPublish = published.catch((error) => this.#client.fault(error))
  }
}

/** A publish of a connection; `partition` null: of any. */
interface PublishTurn {
  readonly id: TextId
  readonly op: TextRequest['op']
  readonly topic: string
  readonly topicId: string
  readonly partition: number | null
  readonly bytes: number
}

/** What was written, and the fields of the answer. */
interface Told {
  readonly records: number
  readonly batches: number
  readonly answer: object
}

/** `missing`: records between the offset and the first that exists. */
function shownRange(range: OutOfRange | undefined): Partial<OutOfRange> & { missing?: number } {
  return range === undefined ? {} : { ...range, missing: Math.max(0, range.logStart - range.offset) }
}

/** Kept apart from the numbers of binary subscriptions, since a connection may use both. */
function keyOf(id: TextId): string {
  return JSON.stringify(id)
}
