import type { ErrorCode } from '@tailrace/schemas'

/** The topic that keeps the audit; clients read it by rule, and never write it. */
export const AUDIT_TOPIC = '__audit'

/** One act that somebody asked for, and what became of it. It holds no secret. */
export interface AuditEvent {
  /** `User:alice`; of a login that failed, the name that was claimed. */
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

/** Where the parts that decide report to. */
export interface Audit {
  note(event: AuditEvent): void
}

/** Of a broker that keeps no audit, and of tests that are about something else. */
export const noAudit: Audit = { note() {} }
