import { TailraceError } from '@tailrace/schemas'

/** From another one on. */
export function turned(addresses: readonly string[], by: number): string[] {
  const start = by % Math.max(1, addresses.length)
  return [...addresses.slice(start), ...addresses.slice(0, start)]
}

/**
 * Of the errors of several brokers one that may pass, if there is one: the next attempt may find that broker well. But
 * a credential is that of the cluster: where one broker refuses it, those that cannot be reached are not waited for.
 */
export function worthTelling(former: unknown, error: unknown): unknown {
  if (former !== undefined && TailraceError.from(former).code === 'AUTHENTICATION_FAILED') return former
  if (TailraceError.from(error).code === 'AUTHENTICATION_FAILED') return error
  return former !== undefined && TailraceError.from(former).retriable ? former : error
}
