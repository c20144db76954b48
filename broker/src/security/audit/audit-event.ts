import type { ErrorCode, TailraceError } from '@tailrace/schemas'

/** The topic that keeps the audit; clients read it by rule, and never write it. */
export const AUDIT_TOPIC = '__audit'

/** One act that somebody asked for, and what became of it. It holds no secret. */
export interface AuditEvent {
  /** `User:alice`; empty: of a login that failed, whose `target` has the name that was claimed. */
  readonly principal: string
  /**
   * The client's address, and the cascade brokers that have passed its request on: `10.0.0.1 by way of Cascade:101`.
   */
  readonly host: string
  /** `remove-broker`, `login`, `write` … */
  readonly action: string
  /** `topic "orders"`, `broker 7`, `user "bob"` … */
  readonly target: string
  readonly outcome: 'done' | 'refused' | 'failed'
  /** Why it was refused, or failed; empty: it was done. */
  readonly code: ErrorCode | ''
}

/** Errors that say that a client may not do what it asks for. */
const refusals: ReadonlySet<ErrorCode> = new Set([
  'AUTHENTICATION_REQUIRED',
  'AUTHENTICATION_FAILED',
  'AUTHORIZATION_FAILED',
  'PRODUCER_NOT_YOURS',
  'ORIGIN_REFUSED',
  'HOST_REFUSED',
])

export function isRefusal(code: ErrorCode): boolean {
  return refusals.has(code)
}

/** Where the parts that decide report to. */
export interface Audit {
  /**
   * `answered`: what the client is told. It is noted once, by the part that knows most: the doors note what is left.
   */
  note(event: AuditEvent, answered?: TailraceError): void
}

/** Of a broker that keeps no audit, and of tests that are about something else. */
export const noAudit: Audit = { note() {} }
