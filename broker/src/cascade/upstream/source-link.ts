import {
  correlationOfUnknown,
  encodeFrame,
  errorTold,
  type Message,
  type MessageDecoder,
  type MessageName,
  parseFrame,
  streamQuery,
  TailraceError,
} from '@tailrace/schemas'
import { schemasOfBroker } from '@tailrace/schemas/foreign-streams'
import type { Clock, TimerHandle } from '../../platform/clock.ts'
import type { MessageSocket, MessageSockets } from '../../platform/message-socket.ts'

type RequestName =
  | 'Authenticate'
  | 'Publish'
  | 'PublishIf'
  | 'Fetch'
  | 'FindOffset'
  | 'InitProducer'
  | 'ConsumerGroup'
  | 'CascadeBeat'
  | 'CascadeTopics'
  | 'CascadeSecurity'
type ReplyName<Name extends RequestName> = `${Name}Reply`

export interface LinkReply<Name extends RequestName> {
  readonly fields: Message<ReplyName<Name>>
  readonly body: Uint8Array
}

/** Receives the messages that the source pushes for one subscription. */
export interface SubscriptionListener {
  subscribed(fields: Message<'Subscribed'>): void
  records(fields: Message<'Records'>, body: Uint8Array): void
  /** A partition, or with -1 all of the subscription, is over. */
  ended(partition: number, error: TailraceError): void
}

interface Pending {
  readonly reply: string
  readonly timer: TimerHandle
  readonly resolve: (reply: LinkReply<RequestName>) => void
  readonly reject: (error: TailraceError) => void
}

/**
 * Bytes not yet taken by the network; beyond it requests are refused. Below the source's limit of unacknowledged bytes.
 */
const maxQueuedBytes = 32 * 1024 * 1024
const maxMessageBytes = 64 * 1024 * 1024
const connectTimeoutMs = 3_000

/** One WebSocket to a source: requests with their replies, and subscriptions. It never reconnects. */
export class SourceLink {
  /** Called once when the connection is gone; nothing comes after it. `cause`: of a message that cannot be read. */
  onLost: (reason: string, cause?: unknown) => void = () => {}
  readonly #socket: MessageSocket
  readonly #clock: Clock
  #onSchemas: () => void = () => {}
  readonly #pending = new Map<number, Pending>()
  readonly #subscriptions = new Map<number, SubscriptionListener>()
  #lastId = 0
  #lost = false
  #hasSpoken = false
  /** Undefined until the source has said which schemas it writes with. */
  #decoder: MessageDecoder | undefined

  private constructor(socket: MessageSocket, clock: Clock) {
    this.#socket = socket
    this.#clock = clock
  }

  /**
   * `token`: the credential of this broker; null for none.
   * @throws TailraceError CONNECTION_LOST; AUTHENTICATION_FAILED; INCOMPATIBLE_PEER: its schemas cannot be resolved
   * with ours; TLS_REQUIRED, TLS_OFF, TLS_FAILED; the error with which the source refuses the connection
   */
  static async open(
    address: string,
    sockets: MessageSockets,
    clock: Clock,
    token: string | null = null,
  ): Promise<SourceLink> {
    try {
      const options = { timeoutMs: connectTimeoutMs, maxMessageBytes }
      const link = new SourceLink(await sockets.connect(address, `/stream${streamQuery}`, options), clock)
      await link.#listen()
      if (token !== null) await link.#authenticate(token)
      return link
    } catch (error) {
      if (!(error instanceof TailraceError) || error.code === 'CONNECTION_LOST')
        throw new TailraceError('CONNECTION_LOST', `${address}: ${(error as Error).message}.`, { cause: error })
      error.message = `${address}: ${error.message}`
      throw error
    }
  }

  /** Resolves once the source's schemas are known. */
  #listen(): Promise<void> {
    return new Promise((resolve, reject) => {
      const late = this.#clock.after(connectTimeoutMs, () => fail('it does not say which schemas it has'))
      const fail = (reason: string, cause: unknown = new Error(reason)): void => {
        late.cancel()
        this.close()
        reject(cause)
      }
      this.onLost = fail
      this.#onSchemas = () => {
        late.cancel()
        this.onLost = () => {}
        resolve()
      }
      this.#socket.onClose = (reason) => this.#end(reason)
      this.#socket.onMessage = (bytes) => this.#receive(bytes)
    })
  }

  async #authenticate(token: string): Promise<void> {
    try {
      await this.request('Authenticate', { mechanism: 'BEARER', data: token }, connectTimeoutMs)
    } catch (error) {
      this.close()
      throw error
    }
  }

  /** Whether anything has come since the last time that this was asked. */
  hasSpoken(): boolean {
    const spoken = this.#hasSpoken
    this.#hasSpoken = false
    return spoken
  }

  get subscriptions(): number {
    return this.#subscriptions.size
  }

  /**
   * Requests leave in the order of the calls.
   * @throws TailraceError what the source answered; OVERLOADED: not sent; TIMED_OUT, CONNECTION_LOST: the outcome is
   * not known
   */
  request<Name extends RequestName>(
    name: Name,
    fields: Omit<Message<Name>, 'correlation'>,
    timeoutMs: number,
    body: Uint8Array[] = [],
  ): Promise<LinkReply<Name>> {
    return new Promise((resolve, reject) => {
      if (this.#lost) return reject(new TailraceError('CONNECTION_LOST'))
      if (this.#socket.queuedBytes > maxQueuedBytes) {
        return reject(new TailraceError('OVERLOADED', 'The source does not take forwarded requests.'))
      }
      const correlation = ++this.#lastId
      const timer = this.#clock.after(timeoutMs, () => {
        this.#take(correlation)?.reject(new TailraceError('TIMED_OUT', `${name}: no answer in ${timeoutMs} ms.`))
      })
      const pending = { reply: `${name}Reply`, timer, resolve: resolve as Pending['resolve'], reject }
      this.#pending.set(correlation, pending)
      const message = { ...fields, correlation } as unknown as Message<Name>
      this.#socket.send(encodeFrame<MessageName>(name, message, body))
    })
  }

  subscribe(fields: Omit<Message<'Subscribe'>, 'subscription'>, listener: SubscriptionListener): number {
    const subscription = ++this.#lastId
    if (this.#lost) return subscription
    this.#subscriptions.set(subscription, listener)
    this.#socket.send(encodeFrame('Subscribe', { ...fields, subscription }, []))
    return subscription
  }

  credit(subscription: number, bytes: number): void {
    if (!this.#subscriptions.has(subscription)) return
    this.#socket.send(encodeFrame('Credit', { subscription, bytes }, []))
  }

  unsubscribe(subscription: number): void {
    if (!this.#subscriptions.delete(subscription)) return
    this.#socket.send(encodeFrame('Unsubscribe', { subscription }, []))
  }

  /** Drops the connection. `onLost` is not called. */
  close(): void {
    this.onLost = () => {}
    this.#end('closed')
    this.#socket.destroy()
  }

  #receive(bytes: Uint8Array): void {
    if (this.#lost) return
    this.#hasSpoken = true
    try {
      if (this.#decoder === undefined) this.#welcomed(bytes)
      else this.#dispatch(parseFrame(bytes, this.#decoder))
    } catch (error) {
      if (this.#decoder !== undefined && correlationOfUnknown(bytes, this.#decoder) !== undefined) return
      // A frame that cannot be read, or batches that changed in transfer: later frames cannot be trusted either.
      this.#end((error as Error).message, error)
      this.#socket.destroy()
    }
  }

  #welcomed(bytes: Uint8Array): void {
    const { decoder, answer } = schemasOfBroker(bytes)
    this.#decoder = decoder
    if (answer !== null) this.#socket.send(answer)
    this.#onSchemas()
  }

  #dispatch(frame: ReturnType<typeof parseFrame>): void {
    switch (frame.name) {
      case 'Records':
        this.#subscriptions.get(frame.fields.subscription)?.records(frame.fields, frame.body)
        break
      case 'Subscribed':
        this.#subscriptions.get(frame.fields.subscription)?.subscribed(frame.fields)
        break
      case 'SubscriptionEnd': {
        const { subscription, partition, error } = frame.fields
        const listener = this.#subscriptions.get(subscription)
        if (partition === -1) this.#subscriptions.delete(subscription)
        listener?.ended(partition, errorTold(error))
        break
      }
      case 'Failure':
        if (frame.fields.correlation < 0) throw errorTold(frame.fields.error)
        this.#take(frame.fields.correlation)?.reject(errorTold(frame.fields.error))
        break
      default:
        if ('correlation' in frame.fields) this.#answered(frame.name, frame.fields.correlation, frame)
    }
  }

  #answered(name: string, correlation: number, frame: { fields: object; body: Uint8Array }): void {
    const pending = this.#take(correlation)
    if (pending === undefined) return
    if (pending.reply === name) pending.resolve(frame as LinkReply<RequestName>)
    else pending.reject(new TailraceError('UNSUPPORTED_MESSAGE', `${name} came in place of ${pending.reply}.`))
  }

  #take(correlation: number): Pending | undefined {
    const pending = this.#pending.get(correlation)
    this.#pending.delete(correlation)
    pending?.timer.cancel()
    return pending
  }

  #end(reason: string, cause?: unknown): void {
    if (this.#lost) return
    this.#lost = true
    this.#subscriptions.clear()
    const error = new TailraceError('CONNECTION_LOST', `The source: ${reason}.`)
    for (const correlation of [...this.#pending.keys()]) this.#take(correlation)!.reject(error)
    this.onLost(reason, cause)
  }
}
