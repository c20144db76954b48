import type { Offset, PartitionNumber } from './ids.ts'

/** A row of the error table (errors.ts). */
export interface ErrorRow {
  readonly status: number
  readonly retriable: boolean
  readonly message: string
  readonly hint: string
}

/** Where something stands that cannot be read, and where reading can go on. */
export interface UnreadablePlace {
  readonly topic?: string
  readonly partition?: PartitionNumber
  readonly offset: Offset
  readonly nextOffset: Offset
}
