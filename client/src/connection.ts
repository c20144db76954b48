import {
  clientIdParameter,
  encodeFrame,
  errorTold,
  foreignProtocolIn,
  type Message,
  type MessageDecoder,
  type MessageName,
  ownDecoder,
  parseFrame,
  streamQuery,
  TailraceError,
} from '@tailrace/schemas'
import { credentialParts, foreignBroker } from '#parts'
import { openSocket } from '#socket'
import type { Authentication } from './authentication.ts'
import type { Credentials } from './credentials.ts'
import { abortError } from './delay.ts'
import { EarlyFrames } from './early-frames.ts'
import { checkReply } from './reply-checks.ts'
import { SilenceWatch } from './silence-watch.ts'
import type { ClientTls, Socket } from './socket/socket.ts'
import { type ClientSurroundings, machine, type Timer } from './surroundings.ts'

export type RequestName =
  | 'Authenticate'
  | 'Publish'
  | 'PublishIf'
  | 'Fetch'
  | 'FindOffset'
  | 'InitProducer'
  | 'Metadata'
  | 'Brokers'
  | 'ConsumerGroup'
export type ReplyName<Name extends RequestName> = `${Name}Reply`
export type RequestFields<Name extends RequestName> = Omit<Message<Name>, 'correlation'>
export interface Reply<Name extends RequestName> {
  readonly fields: Message<ReplyName<Name>>
  readonly body: Uint8Array
}

export type PushName = 'Subscribed' | 'Records' | 'SubscriptionEnd'
export type PushFrame = { [Name in PushName]: { name: Name; fields: Message<Name>; body: Uint8Array } }[PushName]
/**
 * Receives the messages that the broker pushes for one subscription. `lost` comes last, once, when the connection ends.
 */
export interface SubscriptionListener {
  frame(frame: PushFrame): void
  lost(error: TailraceError): void
}

export interface ConnectionSettings {
  readonly connectTimeoutMs: number
  /** How long a peer may be silent before it is probed; see SilenceWatch. */
  readonly silenceMs: number
  /** A longer incoming frame ends the connection. */
  readonly maxFrameBytes: number
  /** Shown before anything else is sent. */
  readonly credentials?: Credentials | undefined
  /** Under which the program names itself. */
  readonly clientId?: string | undefined
  readonly tls?: ClientTls | undefined
  /** Default: the machine's. */
  readonly surroundings?: ClientSurroundings | undefined
}

interface Pending {
  readonly reply: string
  readonly timer: Timer
  /** Removes the listener on the caller's signal. */
  readonly forget: (() => void) | undefined
  readonly resolve: (reply: Reply<RequestName>) => void
  readonly reject: (error: TailraceError) => void
}

const NO_BODY: Uint8Array[] = []
/**
 * A broker to which wrong credentials have been shown from this address answers the next one after up to five seconds.
 * To give up before it would hide that this one is wrong, too.
 */
const CREDENTIAL_MS = 10_000
/** What a broker says of a subscription. */
const pushes: ReadonlySet<MessageName> = new Set<MessageName>(['Subscribed', 'Records', 'SubscriptionEnd'])

/**
 * One WebSocket to one broker, from open to lost: it never reconnects, so its owner knows that everything sent on it
 * went to one process, in order. Requests are matched to replies by correlation; subscriptions share the same number
 * space, so that a Failure finds either.
 */
export class Connection {
  readonly address: string
  /** Milliseconds that opening took: how near the broker is. */
  openedInMs = Number.POSITIVE_INFINITY
  readonly #socket: Socket
  readonly #watch: SilenceWatch
  readonly #pending = new Map<number, Pending>()
  readonly #subscriptions = new Map<number, SubscriptionListener>()
  readonly #lostListeners = new Set<(error: TailraceError) => void>()
  #lastId = 0
  #lost: TailraceError | undefined
  /** Undefined until the broker has said which schemas it writes with. */
  #decoder: MessageDecoder | undefined
  /** Whether a frame is of a message that only a broker with other schemas knows. */
  #isUnknown: ((frame: Uint8Array) => boolean) | undefined
  /** While the schemas of a broker are being resolved. */
  #early: EarlyFrames | undefined
  readonly #opened: () => void
  readonly #surroundings: ClientSurroundings
  #late: Timer | undefined
  readonly #credentials: Credentials | undefined
  #authentication: Authentication | undefined

  private constructor(address: string, settings: ConnectionSettings, settled: (error?: TailraceError) => void) {
    this.address = address
    const surroundings = settings.surroundings ?? machine
    this.#surroundings = surroundings
    const started = surroundings.monotonic()
    const settle = (error?: TailraceError): void => {
      this.#late?.cancel()
      this.#lostListeners.delete(settle)
      settled(error)
    }
    this.#lostListeners.add(settle)
    this.#opened = () => {
      this.openedInMs = surroundings.monotonic() - started
      settle()
    }
    this.#credentials = settings.credentials
    this.#socket = openSocket(
      `${address}/stream${streamQuery}${named(settings.clientId)}`,
      { ...settings, maxMessageBytes: settings.maxFrameBytes },
      {
        message: (bytes) => this.#receive(bytes),
        closed: (reason, refusal) => {
          if (refusal !== undefined) refusal.message = `${address}: ${refusal.message}`
          this.#end(refusal ?? new TailraceError('CONNECTION_LOST', `${address}: ${reason}.`))
        },
      },
    )
    // Not before there is a socket to drop: an address that none can be made for throws above.
    this.#late = surroundings.after(settings.connectTimeoutMs, () => {
      this.destroy('The broker does not say which schemas it has')
    })
    const watched = {
      expecting: () => this.#pending.size > 0,
      probe: () => this.#probe(settings.silenceMs * 10),
      dead: () => this.destroy('The broker has fallen silent'),
    }
    this.#watch = new SilenceWatch(settings.silenceMs, watched, surroundings)
  }

  /**
   * `address` is ws://host:port or wss://host:port, with a path or without; "/stream" is added. `closing`: fires when
   * the connection is not wanted any more.
   * @throws TailraceError CONNECTION_LOST when it does not open in time; INCOMPATIBLE_PEER when its schemas cannot be
   * resolved; TLS_REQUIRED, TLS_OFF, TLS_FAILED; AUTHENTICATION_FAILED when it does not accept the
   * credentials; the error with which a broker refuses the connection
   */
  static async open(address: string, settings: ConnectionSettings, closing?: AbortSignal): Promise<Connection> {
    let drop: (() => void) | undefined
    try {
      return await new Promise((resolve, reject) => {
        const connection = new Connection(address, settings, (error) => (error ? reject(error) : resolve(connection)))
        drop = () => connection.destroy('Closed while it was being opened')
        closing?.addEventListener('abort', drop, { once: true })
      })
    } finally {
      closing?.removeEventListener('abort', drop!)
    }
  }

  get isOpen(): boolean {
    return this.#lost === undefined
  }

  /** It has neither subscriptions nor requests without an answer. */
  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#subscriptions.size === 0
  }

  /** Bytes handed over that the network has not taken yet. */
  get bufferedBytes(): number {
    return this.#socket.bufferedBytes
  }

  /**
   * Sends a request and resolves with its reply. Requests leave in the order of the calls. `dropOnTimeout` drops the
   * connection together with a request that got no answer, so that the broker cannot act on it, or on later requests,
   * after another broker was asked (as Kafka clients do). `signal`: when it fires the caller stops waiting; the answer
   * is dropped when it comes.
   * @throws TailraceError what the broker answered; TIMED_OUT, CONNECTION_LOST, CLOSED, ABORTED when the outcome is not
   * known
   */
  request<Name extends RequestName>(
    name: Name,
    fields: RequestFields<Name>,
    options: { timeoutMs: number; body?: Uint8Array[]; dropOnTimeout?: boolean; signal?: AbortSignal },
  ): Promise<Reply<Name>> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) return reject(this.#lost)
      const { timeoutMs, signal } = options
      if (signal?.aborted) return reject(abortError(signal))
      const correlation = ++this.#lastId
      const giveUp = signal && ((): void => this.#take(correlation)?.reject(abortError(signal)))
      signal?.addEventListener('abort', giveUp!, { once: true })
      const forget = signal && ((): void => signal.removeEventListener('abort', giveUp!))
      const timer = this.#surroundings.after(timeoutMs, () => {
        const detail = `${name} got no answer in ${timeoutMs} ms`
        if (options.dropOnTimeout) this.destroy(detail)
        else this.#take(correlation)?.reject(new TailraceError('TIMED_OUT', `${this.address}: ${detail}.`))
      })
      const pending = { reply: `${name}Reply`, timer, forget, resolve: resolve as Pending['resolve'], reject }
      this.#pending.set(correlation, pending)
      const message = { ...fields, correlation } as unknown as Message<Name>
      this.#socket.send(encodeFrame<MessageName>(name, message, options.body ?? NO_BODY))
    })
  }

  /** Opens a subscription and returns its number. Its listener is called for every message that follows. */
  subscribe(fields: Omit<Message<'Subscribe'>, 'subscription'>, listener: SubscriptionListener): number {
    const subscription = ++this.#lastId
    if (this.#lost !== undefined) {
      const error = this.#lost
      queueMicrotask(() => listener.lost(error))
      return subscription
    }
    this.#subscriptions.set(subscription, listener)
    this.#socket.send(encodeFrame('Subscribe', { ...fields, subscription }, NO_BODY))
    return subscription
  }

  /** Lets the broker send `bytes` more for a subscription. */
  credit(subscription: number, bytes: number): void {
    if (!this.#subscriptions.has(subscription)) return
    this.#socket.send(encodeFrame('Credit', { subscription, bytes }, NO_BODY))
  }

  /** Ends a subscription; its listener is not called any more. */
  unsubscribe(subscription: number): void {
    if (!this.#subscriptions.delete(subscription)) return
    this.#socket.send(encodeFrame('Unsubscribe', { subscription }, NO_BODY))
  }

  /** Calls `listener` once when the connection ends. Returns how to take that back. */
  onLost(listener: (error: TailraceError) => void): () => void {
    this.#lostListeners.add(listener)
    return () => this.#lostListeners.delete(listener)
  }

  /** Lets buffered bytes leave, then ends. Pending requests fail with CLOSED. */
  close(): void {
    this.#end(new TailraceError('CLOSED'))
    this.#socket.close()
  }

  /** Drops the connection at once: what is pending fails with CONNECTION_LOST. */
  destroy(reason: string, cause?: unknown): void {
    this.#end(new TailraceError('CONNECTION_LOST', `${this.address}: ${reason}.`, { cause }))
    this.#socket.destroy()
  }

  #receive(bytes: Uint8Array): void {
    if (this.#lost !== undefined) return
    this.#watch.heard()
    try {
      if (this.#early !== undefined) return void this.#early.keep(bytes)
      if (this.#decoder === undefined) return void this.#welcomed(bytes)
      const frame = parseFrame(bytes, this.#decoder)
      checkReply(frame)
      const { name, fields, body } = frame
      if (pushes.has(name)) this.#pushed({ name, fields, body } as PushFrame)
      else if ('correlation' in fields) this.#answered(name, fields, body)
    } catch (error) {
      // A newer broker sends a message that this client has not asked for.
      if (this.#isUnknown?.(bytes)) return
      // A listener's mistake or a frame that cannot be read: after either, the rest of this connection cannot be
      // trusted.
      this.destroy(TailraceError.from(error).message, error)
    }
  }

  async #welcomed(bytes: Uint8Array): Promise<void> {
    try {
      const protocol = foreignProtocolIn(bytes)
      if (protocol === null) this.#decoder = ownDecoder
      else await this.#resolve(protocol)
      if (this.#lost !== undefined) return
      const credentials = this.#credentials
      if (credentials === undefined) {
        this.#opened()
        return
      }
      this.#late?.cancel()
      this.#late = this.#surroundings.after(CREDENTIAL_MS, () => this.destroy('The credential is not answered'))
      await this.#authenticate(credentials)
    } catch (error) {
      this.#refused(error)
    }
  }

  /** @throws TailraceError why the credential is not accepted; CODE_NOT_LOADED */
  async #authenticate(credentials: Credentials): Promise<void> {
    const { Authentication } = await credentialParts()
    if (this.#lost !== undefined) return
    const step = (mechanism: string, data: string) =>
      this.request('Authenticate', { mechanism, data }, { timeoutMs: CREDENTIAL_MS })
    const failed = (error: unknown): void => this.#refused(error)
    this.#authentication = new Authentication(credentials, step, failed, this.#surroundings)
    await this.#authentication.show()
    this.#opened()
  }

  async #resolve(protocol: string): Promise<void> {
    const early = new EarlyFrames()
    this.#early = early
    const { correlationOfUnknown, schemasOfForeignBroker } = await foreignBroker()
    if (this.#lost !== undefined) return
    const { decoder, answer } = schemasOfForeignBroker(protocol)
    this.#decoder = decoder
    this.#isUnknown = (frame) => correlationOfUnknown(frame, decoder) !== undefined
    this.#early = undefined
    this.#socket.send(answer)
    early.release((frame) => this.#receive(frame))
  }

  #refused(error: unknown): void {
    const { code, message } = TailraceError.from(error)
    this.#end(new TailraceError(code, `${this.address}: ${message}`, { cause: error }))
    this.#socket.destroy()
  }

  #pushed(frame: PushFrame): void {
    const { subscription } = frame.fields
    const listener = this.#subscriptions.get(subscription)
    if (frame.name === 'SubscriptionEnd' && frame.fields.partition === -1) this.#subscriptions.delete(subscription)
    listener?.frame(frame)
  }

  #answered(name: string, fields: { correlation: number }, body: Uint8Array): void {
    const { correlation } = fields
    const failure = name === 'Failure' ? (fields as Message<'Failure'>).error : undefined
    const pending = this.#take(correlation)
    if (pending === undefined) {
      const listener = this.#subscriptions.get(correlation)
      if (listener === undefined || failure === undefined) return // The late answer to a request that was given up.
      this.#subscriptions.delete(correlation)
      listener.frame({
        name: 'SubscriptionEnd',
        fields: { subscription: correlation, partition: -1, error: failure },
        body,
      })
    } else if (failure !== undefined) {
      pending.reject(errorTold(failure))
    } else if (name === pending.reply) {
      pending.resolve({ fields: fields as Reply<RequestName>['fields'], body })
    } else {
      pending.reject(new TailraceError('UNSUPPORTED_MESSAGE', `${name} came in place of ${pending.reply}.`))
    }
  }

  #take(correlation: number): Pending | undefined {
    const pending = this.#pending.get(correlation)
    if (pending === undefined) return undefined
    this.#pending.delete(correlation)
    pending.timer.cancel()
    pending.forget?.()
    return pending
  }

  /** Asks for anything at all: every broker answers Metadata at once. */
  #probe(timeoutMs: number): void {
    this.request('Metadata', { topics: [] }, { timeoutMs }).catch(() => {})
  }

  #end(error: TailraceError): void {
    if (this.#lost !== undefined) return
    this.#lost = error
    this.#watch?.stop()
    this.#authentication?.stop()
    for (const pending of this.#pending.values()) {
      pending.timer.cancel()
      pending.forget?.()
      pending.reject(error)
    }
    this.#pending.clear()
    const listeners = [...this.#subscriptions.values()]
    this.#subscriptions.clear()
    for (const listener of listeners) listener.lost(error)
    for (const listener of this.#lostListeners) listener(error)
    this.#lostListeners.clear()
  }
}

/** In the address: a browser sends no headers. */
function named(clientId: string | undefined): string {
  return clientId === undefined ? '' : `&${clientIdParameter}=${encodeURIComponent(clientId)}`
}
