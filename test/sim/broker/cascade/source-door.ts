import { schemasParameter, type TailraceError } from '@tailrace/schemas'
import { Registry } from 'prom-client'
import type { AdminService } from '../../../../broker/src/api/admin-api.ts'
import type { BrokerApi } from '../../../../broker/src/api/broker-api.ts'
import type { CascadeApi } from '../../../../broker/src/cascade/wire/cascade-messages.ts'
import { AutoCreation } from '../../../../broker/src/doors/limits/auto-creation.ts'
import { defaultLimits, mostReadBytes } from '../../../../broker/src/doors/limits/limits.ts'
import { NewProducers } from '../../../../broker/src/doors/limits/new-producers.ts'
import { noLongerWanted } from '../../../../broker/src/doors/limits/no-longer-wanted.ts'
import { QuotaKeeper } from '../../../../broker/src/doors/limits/quotas/quota-keeper.ts'
import { SenderQuotas } from '../../../../broker/src/doors/limits/quotas/sender-quotas.ts'
import { throttleMetrics } from '../../../../broker/src/doors/limits/quotas/throttle-metrics.ts'
import { ReadBudget } from '../../../../broker/src/doors/limits/read-budget.ts'
import type { Sender } from '../../../../broker/src/doors/limits/request-context.ts'
import { Rights, type Services } from '../../../../broker/src/doors/limits/rights.ts'
import { SharedBrokers } from '../../../../broker/src/doors/limits/shared-brokers.ts'
import { transportMetrics } from '../../../../broker/src/doors/limits/transport-metrics.ts'
import { LongPolls } from '../../../../broker/src/doors/standing/long-polls.ts'
import { PartitionEnds } from '../../../../broker/src/doors/standing/partition-ends.ts'
import { Subscriptions } from '../../../../broker/src/doors/subscriptions/subscriptions.ts'
import { StreamAuthentication } from '../../../../broker/src/doors/ws/authentication.ts'
import { BinaryProtocol } from '../../../../broker/src/doors/ws/binary.ts'
import type { BinaryClient, BinaryParts } from '../../../../broker/src/doors/ws/stream-client.ts'
import type { Clock } from '../../../../broker/src/platform/clock.ts'
import type { Crypto } from '../../../../broker/src/platform/crypto.ts'
import type { Logger } from '../../../../broker/src/platform/logger.ts'
import type { Network } from '../../../../broker/src/platform/network.ts'
import type { Random } from '../../../../broker/src/platform/random.ts'
import { Authorizer } from '../../../../broker/src/security/access/authorizer.ts'
import { noAudit } from '../../../../broker/src/security/audit/audit-event.ts'
import { Authenticator } from '../../../../broker/src/security/identity/authenticator.ts'
import type { Session } from '../../../../broker/src/security/identity/session.ts'
import { noTables } from '../../../../broker/src/security/security-tables.ts'
import { FramedStream } from './framed-stream.ts'

export interface SourceDoorDeps {
  readonly network: Network
  /** Where brokers below connect. */
  readonly address: string
  readonly api: BrokerApi
  readonly admin: AdminService
  readonly cascade: CascadeApi
  readonly clock: Clock
  readonly random: Random
  readonly crypto: Crypto
  readonly log: Logger
  /** Bytes waiting to be sent on a connection beyond which its subscriptions stop. */
  readonly pauseBufferedBytes: number
}

/**
 * The stream gateway of a broker (broker/src/doors/ws) for brokers below it, on the simulated network: the shipped
 * protocol and subscriptions, with frames encoded and decoded; Fastify and ws are left out.
 */
export class SourceDoor {
  readonly #parts: BinaryParts & { readonly reads: ReadBudget; readonly quotas: QuotaKeeper }
  readonly #connections = new Set<DoorConnection>()
  readonly #deps: SourceDoorDeps
  #close: () => Promise<void> = async () => {}

  constructor(deps: SourceDoorDeps) {
    this.#deps = deps
    const { api, clock, random, log, pauseBufferedBytes } = deps
    const limits = { ...defaultLimits, pauseBufferedBytes }
    const registers = [new Registry()]
    const ends = new PartitionEnds(api, clock)
    this.#parts = {
      services: servicesOf(deps),
      clock,
      random,
      log,
      limits,
      metrics: { transports: transportMetrics(registers).transports },
      newProducers: new NewProducers(limits),
      creation: new AutoCreation(api, limits),
      ends,
      polls: new LongPolls(ends, clock),
      brokers: new SharedBrokers(api, clock),
      reads: new ReadBudget(limits.maxReadBytes, mostReadBytes(limits)),
      quotas: new QuotaKeeper({ clock, log, metrics: throttleMetrics(registers), quotas: () => new Map() }),
    }
  }

  async listen(): Promise<void> {
    const { network, address } = this.#deps
    const listener = await network.listen(address, (bytes) => {
      const stream = new FramedStream(bytes)
      stream.onMessage = (path) => {
        const query = new URLSearchParams(new TextDecoder().decode(path).split('?')[1])
        const connection = new DoorConnection(stream, query.get(schemasParameter) ?? undefined, this.#parts, () =>
          this.#connections.delete(connection),
        )
        this.#connections.add(connection)
      }
    })
    this.#close = () => listener.close()
  }

  async close(): Promise<void> {
    await this.#close()
    for (const connection of [...this.#connections]) connection.end()
  }
}

/** Clients are not asked for credentials; brokers below are known by a certificate, so that they get the tables. */
function servicesOf({ api, admin, cascade, clock, crypto, random }: SourceDoorDeps): Services {
  const [audit, tables] = [noAudit, () => noTables]
  return {
    api,
    admin,
    cascade,
    logLevel: {
      logLevel: async () => 'info',
      setLogLevel: async (level) => ({ level, before: 'info' }),
    },
    audit,
    authorizer: new Authorizer({ mode: 'off', superUsers: [], tables }),
    authenticator: new Authenticator({ crypto, clock, random, audit, tables }),
  }
}

/** The cascade broker on a machine of this name. */
function sessionOf(host: string): Session {
  const principal = `Cascade:${host.slice(1)}`
  const names = { principal, groups: [], host, credential: '' }
  return { ...names, kind: 'certificate', expiresAt: null, scope: null, via: [] }
}

class DoorConnection implements BinaryClient {
  readonly subscriptions: Subscriptions
  readonly sender: Sender
  readonly authentication: StreamAuthentication
  readonly reads: ReadBudget
  readonly #stream: FramedStream
  readonly #parts: BinaryParts
  readonly #abort = new AbortController()

  constructor(
    stream: FramedStream,
    schemas: string | undefined,
    parts: BinaryParts & { readonly reads: ReadBudget; readonly quotas: QuotaKeeper },
    onEnd: () => void,
  ) {
    const { services, limits, clock } = parts
    this.#stream = stream
    this.#parts = parts
    const host = stream.remote.split(':')[0]!
    const rights = new Rights(services, sessionOf(host))
    const payer = (): string => rights.session.principal
    const quotas = new SenderQuotas(parts.quotas, payer, { clientId: '', address: host })
    this.sender = { client: host, access: 'write', clientId: '', secret: true, rights, quotas }
    this.authentication = new StreamAuthentication(services, this.sender, () => clock.monotonic())
    this.reads = new ReadBudget(limits.maxConnectionReadBytes, mostReadBytes(limits), parts.reads)
    this.subscriptions = new Subscriptions(limits, quotas)
    const binary = new BinaryProtocol(this, parts, this.#abort.signal, schemas)
    stream.onMessage = (bytes) => binary.receive([bytes])
    stream.onDrain = () => this.subscriptions.wake()
    stream.onClose = () => {
      this.subscriptions.clear()
      this.#abort.abort(noLongerWanted)
      onEnd()
    }
    binary.welcome()
  }

  get roomy(): boolean {
    return this.#stream.queuedBytes <= this.#parts.limits.pauseBufferedBytes
  }

  get overfull(): boolean {
    return this.#stream.queuedBytes > this.#parts.limits.maxBufferedBytes
  }

  sendPieces(pieces: readonly Uint8Array[]): void {
    this.#stream.send(pieces)
  }

  /** Without the head that makes it a message of a WebSocket. */
  sendMessage([first, ...others]: readonly Uint8Array[]): void {
    this.#stream.send([first!.subarray(headBytes(first!)), ...others])
  }

  hold(): void {}
  release(): void {}
  pay(): void {}

  fail(_closeCode: number, error: TailraceError): void {
    this.#parts.log.warn({ err: error }, 'a connection of a broker below ends')
    this.end()
  }

  /** A mistake of the broker. */
  fault(error: unknown): void {
    throw error
  }

  end(): void {
    this.#stream.destroy()
  }
}

/** RFC 6455 §5.2: the length is in the second byte, or in two or eight more. */
function headBytes(message: Uint8Array): number {
  const length = message[1]!
  return length < 126 ? 2 : length === 126 ? 4 : 10
}
