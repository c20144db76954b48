import type { CascadeReport } from '@tailrace/schemas'
import type { BrokerDescription } from '../../api/broker-api.ts'
import { ancestorsOf, sourcesOf } from './chain.ts'

/** Cascade brokers as the list of all brokers shows them, by what they have reported. */
export function describeCascades(reports: readonly CascadeReport[]): BrokerDescription[] {
  const sourceOf = sourcesOf(reports)
  const lagOf = new Map(reports.map(({ broker, lagMs }) => [broker, lagMs]))
  return reports.map((report) => {
    const { broker, http, level, source, featureLevels, rack = '', connections = -1, condition, topics = [] } = report
    // A report says how far a broker is behind its source, which may be behind as well.
    const lagMs = ancestorsOf(broker, sourceOf).reduce((sum, id) => sum + (lagOf.get(id) ?? 0), 0)
    return {
      id: broker,
      http,
      peer: '',
      // It says 0 until it has had a source; in the list of all brokers that is the level of those that hold replicas.
      level: Math.max(1, level),
      alive: source !== 0,
      pid: 0,
      featureLevels,
      ...(rack !== '' && { rack }),
      ...(topics.length > 0 && { topics }),
      load: { connections, lagMs, ready: condition?.ready ?? true },
    }
  })
}
