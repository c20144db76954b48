import type { TailraceError } from '@tailrace/schemas'
import type { Clock } from '../../platform/clock.ts'
import type { Logger } from '../../platform/logger.ts'
import type { Random } from '../../platform/random.ts'
import type { JsonPublisher } from '../json/publisher.ts'
import type { AutoCreation } from '../limits/auto-creation.ts'
import type { HeldBytes, Holding } from '../limits/held-bytes.ts'
import type { GatewayLimits } from '../limits/limits.ts'
import type { GatewayMetrics } from '../limits/metrics.ts'
import type { NewProducers } from '../limits/new-producers.ts'
import type { RateKind } from '../limits/quotas/sender-quotas.ts'
import type { ReadBudget } from '../limits/read-budget.ts'
import type { Sender } from '../limits/request-context.ts'
import type { Services } from '../limits/rights.ts'
import type { SharedBrokers } from '../limits/shared-brokers.ts'
import type { LongPolls } from '../standing/long-polls.ts'
import type { PartitionEnds } from '../standing/partition-ends.ts'
import type { Subscriptions } from '../subscriptions/subscriptions.ts'
import type { StreamAuthentication } from './authentication.ts'
import type { SharedTexts } from './messages/shared-texts.ts'
import type { SharedAnswers } from './shared-answers.ts'
import type { SharedViews } from './shared-views.ts'
import type { Watches } from './watches.ts'

/** The parts that all connections share. */
export interface StreamParts {
  readonly services: Services
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  readonly limits: GatewayLimits
  readonly metrics: GatewayMetrics
  readonly publisher: JsonPublisher
  readonly creation: AutoCreation
  readonly reads: ReadBudget
  readonly newProducers: NewProducers
  /** Bytes of unfinished messages, over HTTP and WebSocket. */
  readonly received: HeldBytes
  readonly texts: SharedTexts
  readonly ends: PartitionEnds
  readonly polls: LongPolls
  readonly views: SharedViews
  readonly answers: SharedAnswers
  readonly brokers: SharedBrokers
}

/** The part of a connection that the binary and the text protocol use. */
export interface StreamClient {
  readonly subscriptions: Subscriptions
  readonly watches: Watches
  /** The budget of reads for this connection. */
  readonly reads: ReadBudget
  readonly sender: Sender
  readonly authentication: StreamAuthentication
  /** Little enough waits to be sent that subscriptions may go on. */
  readonly roomy: boolean
  /** So many bytes wait to be sent that data must be refused. */
  readonly overfull: boolean
  sendText(text: string): void
  /** A message of `frameOf` (standing/server-frame.ts), which must not change afterwards. */
  sendMessage(pieces: readonly Uint8Array[]): void
  sendPieces(pieces: readonly Uint8Array[]): void
  /**
   * Takes a request on; reading from the client pauses while too many or too large ones are at work. `bytes` 0: not a
   * publish.
   */
  hold(bytes: number): void
  release(bytes: number): void
  /**
   * Uses so much of a quota. Where it is over, nothing is read from the client for a while; nor where it is refused,
   * since the client may send on at once. Throws THROTTLED.
   */
  pay(kind: RateKind, amount: number): void
  /** Counts what a request holds until it is released, for work that no other limit counts. Throws OVERLOADED. */
  takeIn(bytes: number): Holding
  /** Sends the error to the client and closes. `closeCode`: RFC 6455 §7.4.1. */
  fail(closeCode: number, error: TailraceError): void
  /** Handling something of this client has failed for a mistake of the broker: ends the connection at once. */
  fault(error: unknown): void
}

/** The parts of both that the binary protocol uses. */
export type BinaryClient = Omit<StreamClient, 'watches' | 'sendText' | 'takeIn'>
export type BinaryParts = Pick<
  StreamParts,
  'services' | 'clock' | 'random' | 'log' | 'limits' | 'newProducers' | 'creation' | 'ends' | 'polls' | 'brokers'
> & { readonly metrics: Pick<GatewayMetrics, 'transports'> }
