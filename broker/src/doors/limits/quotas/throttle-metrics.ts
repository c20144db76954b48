import { Counter, type Registry } from 'prom-client'
import type { QuotaKind } from '../../../api/quotas.ts'

/** By kind of limit and not by entity: clients can name themselves as they like. */
export interface ThrottleMetrics {
  delayed(kind: QuotaKind, seconds: number): void
  refused(kind: QuotaKind): void
}

export function throttleMetrics(registers: Registry[]): ThrottleMetrics {
  const throttled = new Counter({
    name: 'tailrace_throttled_total',
    help: 'Requests and deliveries over a quota: delayed, or refused with THROTTLED.',
    labelNames: ['kind', 'outcome'],
    registers,
  })
  const seconds = new Counter({
    name: 'tailrace_throttled_seconds_total',
    help: 'Time for which requests and deliveries over a quota were delayed.',
    labelNames: ['kind'],
    registers,
  })
  return {
    delayed(kind, time) {
      throttled.inc({ kind, outcome: 'delayed' })
      seconds.inc({ kind }, time)
    },
    refused: (kind) => throttled.inc({ kind, outcome: 'refused' }),
  }
}
