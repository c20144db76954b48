import { type BrokerId, TailraceError } from '@tailrace/schemas'
import type { BrokerCondition, Condition } from '../../api/condition.ts'
import type { LogStorage } from '../../log/log-storage.ts'
import type { Group } from '../../partition/group.ts'
import type { Peers } from '../../partition/peers.ts'
import { areShort, isNatural, MAX_TEXT } from '../metadata/commands/command-checks.ts'

/** A broker that does not answer sooner is shown as not known. */
const ANSWER_MS = 2000

/** What a broker's disk tells of itself. */
export type WatchedStorage = Pick<LogStorage, 'writable' | 'usage' | 'metrics'>

export function conditionOf(
  { writable, usage, metrics }: WatchedStorage,
  { ready, reason }: Pick<Condition, 'ready' | 'reason'>,
  { quarantined, stopped }: Pick<Condition, 'quarantined' | 'stopped'>,
): Condition {
  const { freeBytes, reserveBytes, secondsUntilFull } = usage
  return {
    ready,
    reason: reason.slice(0, MAX_TEXT),
    writable,
    freeBytes: Math.max(0, Math.round(freeBytes)),
    reserveBytes,
    secondsUntilFull: Number.isFinite(secondsUntilFull) ? Math.max(0, Math.round(secondsUntilFull)) : null,
    checksumFailures: Object.values(metrics.corruptPlaces).reduce((sum, count) => sum + count, 0),
    quarantined,
    stopped,
  }
}

/** Replicas that take no part. */
export function standingsOf(groups: Iterable<Pick<Group, 'standing'>>): Pick<Condition, 'quarantined' | 'stopped'> {
  const counts = { sound: 0, quarantined: 0, stopped: 0 }
  for (const { standing } of groups) counts[standing] += 1
  return counts
}

/** Checks beyond Avro's types. */
export function isCondition(condition: Condition): boolean {
  const { freeBytes, reserveBytes, secondsUntilFull, checksumFailures, quarantined, stopped } = condition
  const counts = [freeBytes, reserveBytes, secondsUntilFull ?? 0, checksumFailures, quarantined, stopped]
  return areShort(condition.reason) && counts.every(isNatural)
}

/** Asks brokers of level 0 how they are, all at once. Resolves after ANSWER_MS at the latest. */
export function askConditions(
  brokers: readonly BrokerId[],
  peers: Pick<Peers, 'request'>,
): Promise<readonly BrokerCondition[]> {
  return Promise.all(
    brokers.map(async (broker) => {
      try {
        const { fields } = await peers.request(broker, 'BrokerCondition', {}, [], ANSWER_MS)
        return { broker, condition: fields.condition, why: '' }
      } catch (error) {
        return { broker, condition: null, why: whyNot(TailraceError.from(error)) }
      }
    }),
  )
}

/** For people: why a broker has not told how it is. */
export function whyNot({ code, message }: TailraceError): string {
  if (code === 'UNSUPPORTED_MESSAGE') return earlierVersion
  if (code === 'TIMED_OUT') return 'It has not answered in time.'
  if (code === 'CONNECTION_LOST') return 'It is not reached.'
  return message
}

export const earlierVersion = 'It is of an earlier version, which does not tell.'
