import { faultOfAcl } from '../../../security/acl/acl-checks.ts'
import { isStoredToken, isStoredUser } from '../../../security/acl/table-checks.ts'
import { isPrincipal } from '../../../security/identity/principal.ts'
import { faultOfQuota } from '../../../security/quotas/quota.ts'
import { areTexts, isBrokerSet, isNatural, isPositive } from '../commands/command-checks.ts'

/**
 * Whether values of the state store have the form on which the state relies. They come from this broker's disk or from
 * another broker, under a checksum: one that fails here was written wrongly, and is refused as a whole before it is
 * used.
 */
type Check = (value: never) => boolean

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isEach(value: unknown, check: (item: Record<string, unknown>) => boolean): boolean {
  return Array.isArray(value) && value.every((item) => isObject(item) && check(item))
}

function isPartition({ group, replicas }: Record<string, unknown>): boolean {
  return isPositive(group) && isBrokerSet(replicas)
}

function isChange({ index, replicas }: Record<string, unknown>): boolean {
  return isNatural(index) && isBrokerSet(replicas)
}

function isMapOfNumbers(value: unknown): boolean {
  return value === undefined || (isObject(value) && Object.values(value).every(Number.isFinite))
}

export const storedMetadata = {
  head: (value: Record<string, unknown>) =>
    [value.appliedIndex, value.nextGroup, value.nextProducer, value.commands, value.audits].every(isNatural) &&
    [value.featureLevel ?? 1, value.alwaysSupported ?? 1, value.lastOwner ?? 0, value.appliedTerm ?? 0].every(
      isNatural,
    ),
  broker: (value: Record<string, unknown>) =>
    isPositive(value.id) && areTexts(value.http, value.peer, value.incarnation, value.directoryId),
  joined: (value: Record<string, unknown>) =>
    isPositive(value.id) && isNatural(value.admission) && areTexts(value.directoryId, value.peer),
  removed: (value: Record<string, unknown>) => areTexts(value.directoryId),
  topic: (value: Record<string, unknown>) =>
    areTexts(value.name, value.id) && isObject(value.config) && isEach(value.partitions, isPartition),
  partition: (value: Record<string, unknown>) =>
    isPartition(value) &&
    isBrokerSet(value.founders) &&
    isMapOfNumbers(value.admissions) &&
    isMapOfNumbers(value.priorities) &&
    (value.change === undefined || (isObject(value.change) && isChange(value.change))) &&
    (value.outcasts === undefined || isBrokerSet(value.outcasts)) &&
    isNatural(value.deletedBefore ?? 0),
  audit: (value: Record<string, unknown>) => areTexts(value.by, value.action, value.target, value.detail),
  priorities: isMapOfNumbers,
  upkeep: (value: Record<string, unknown>) => isBrokerSet(value.draining) && typeof value.balancing === 'boolean',
  owner: (value: Record<string, unknown>) =>
    isPositive(value.number) && isPrincipal(String(value.principal)) && isNatural(value.next),
  security: (value: Record<string, unknown>) => isNatural(value.version),
  user: (value: Record<string, unknown>) => isStoredUser(value),
  token: (value: Record<string, unknown>) => isStoredToken(value),
  acl: (value: Record<string, unknown>) => faultOfAcl(value) === null,
  quota: (value: Record<string, unknown>) => faultOfQuota(value) === null,
  command: (value: Record<string, unknown>) =>
    isNatural(value.number) &&
    areTexts(value.id) &&
    isObject(value.result) &&
    (value.result.ok === true || areTexts(value.result.code, value.result.detail)),
} satisfies Record<string, Check>
