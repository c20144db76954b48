import type { ClientOptions } from '@tailrace/client'
import type { ErrorShape } from '@tailrace/schemas'
import type { BeatSettings, GivenUpLease, LossReason, PartitionId, StuckRecord, Told } from './beat-messages.ts'

/** What a worker for beats is started with. */
export interface WorkerData {
  readonly memory: SharedArrayBuffer
  readonly settings: BeatSettings
  /** Without a function for tokens, which cannot be given to another thread. */
  readonly options: ClientOptions
  /** Tokens are asked for, one at a time. */
  readonly asksForTokens: boolean
}

/** From the worker. */
export type WorkerNote =
  | { readonly kind: 'ready' }
  | { readonly kind: 'told'; readonly told: Told }
  | { readonly kind: 'lost'; readonly reason: LossReason; readonly generation: number }
  | { readonly kind: 'gaveUp'; readonly lease: GivenUpLease }
  | { readonly kind: 'stuck'; readonly record: StuckRecord }
  | { readonly kind: 'failed'; readonly error: ErrorShape }
  | { readonly kind: 'token'; readonly id: number }
  | { readonly kind: 'left' }

/** To the worker. */
export type WorkerOrder =
  | { readonly kind: 'release'; readonly partition: PartitionId; readonly token: number }
  | { readonly kind: 'returned'; readonly lease: GivenUpLease }
  | { readonly kind: 'hurry' | 'rejoin' | 'leave' | 'close' }
  | { readonly kind: 'token'; readonly id: number; readonly token?: string; readonly error?: string }
