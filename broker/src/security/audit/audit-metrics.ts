import type { MetricTable } from '../../platform/metric-table.ts'
import type { AuditTrail } from './audit-trail.ts'

export const auditMetrics: MetricTable<AuditTrail> = {
  counters: [
    [
      'tailrace_audit_entries_kept_total',
      'Entries of the audit that this broker has put into the topic __audit.',
      (trail) => trail.kept,
    ],
    [
      'tailrace_audit_entries_dropped_total',
      'Entries of the audit that are in the log only, because too many waited for the topic.',
      (trail) => trail.dropped,
    ],
  ],
  gauges: [
    ['tailrace_audit_entries_waiting', 'Entries of the audit that wait for the topic.', (trail) => trail.waiting],
  ],
}
