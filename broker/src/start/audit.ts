import type { BrokerApi } from '../api/broker-api.ts'
import type { BrokerSettings } from '../config/broker-settings.ts'
import type { Clock } from '../platform/clock.ts'
import type { Logger } from '../platform/logger.ts'
import { AuditTopic } from '../security/audit/audit-topic.ts'
import { AuditTrail } from '../security/audit/audit-trail.ts'

/**
 * The audit of this broker. Where nobody is asked who he is, and on a cascade broker (without `api`), it is in the log
 * alone.
 */
export function openAudit(
  settings: BrokerSettings,
  { clock, log, api }: { readonly clock: Clock; readonly log: Logger; readonly api?: BrokerApi },
): AuditTrail {
  const topic = api === undefined || settings.authentication === 'off' ? undefined : new AuditTopic(api)
  const keep = topic && ((entries: Parameters<AuditTopic['keep']>[0]) => topic.keep(entries))
  return new AuditTrail({ brokerId: settings.id, clock, log, keep })
}
