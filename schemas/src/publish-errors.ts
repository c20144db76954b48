import type { Offset } from './ids.ts'
import type { ErrorRow } from './security-errors.ts'

/** Rows of the error table: which batches a partition takes. */
export const publishErrors = {
  PRODUCER_NOT_YOURS: {
    status: 403,
    retriable: false,
    message: 'The producer id belongs to another principal.',
    hint: 'Ask for an id with InitProducer, with the credential that publishes.',
  },
  OUT_OF_ORDER_SEQUENCE: {
    status: 409,
    retriable: false,
    message: 'The batch does not follow the last one of its producer.',
    hint: 'Batches of one producer and partition must arrive in sequence; a missing one must be sent first.',
  },
  UNKNOWN_PRODUCER: {
    status: 409,
    retriable: true,
    message: 'The cluster is not known to have given this producer id.',
    hint: 'Ask for an id with InitProducer; a broker whose metadata is behind knows it a moment later.',
  },
  TOO_MANY_PRODUCERS: {
    status: 429,
    retriable: true,
    message: 'No more producers can be remembered.',
    hint: 'Use one producer for many records; or lower producerExpirationMs, if producers come and go quickly.',
  },
  WRONG_EXPECTED_OFFSET: {
    status: 412,
    retriable: false,
    message: 'The partition does not end at the expected offset.',
    hint: 'Read what was published meanwhile, decide again, and publish with the end that the answer tells (endOffset).',
  },
  FENCED: {
    status: 409,
    retriable: false,
    message: 'A higher fencing token of the partition was accepted.',
    hint: 'Another one has taken over: stop writing. To take over again, get a token that is higher than the one that the answer tells (fence).',
  },
  INVALID_PRODUCER_EPOCH: {
    status: 409,
    retriable: false,
    message: 'A newer instance of this producer exists.',
    hint: 'Stop the older instance, or start over with a new producer id.',
  },
} as const satisfies Record<string, ErrorRow>

/**
 * Whether the refusal of a publish leaves open what becomes of an earlier attempt whose answer was lost: it may arrive
 * at the leader yet, when the partition has grown to the expected offset. A partition that has passed it never comes
 * back to it.
 */
export function mayStillHold(
  condition: { readonly expectedOffset?: Offset } | undefined,
  { code, endOffset = 0 }: { readonly code: string; readonly endOffset?: Offset | undefined },
): boolean {
  return code === 'WRONG_EXPECTED_OFFSET' && endOffset < (condition?.expectedOffset ?? 0)
}
