import type { SetFeatureLevel } from './commands/level-commands.ts'
import { machineTopics, notSupportedBy } from './feature-levels.ts'
import type { Change, MetadataTables } from './metadata-model.ts'
import { refused } from './metadata-model.ts'

/**
 * Every broker that the metadata knows has said that it supports the level; one that comes later is refused when it
 * registers.
 */
export function performLevelCommand(state: MetadataTables, { level, at, broker, by }: SetFeatureLevel): Change {
  const present = state.head.featureLevel
  if (level === present) return { result: { ok: true } }
  if (level < present) return refused('INVALID_REQUEST', `The feature level is ${present} and never falls.`)
  const known = new Set([...state.brokers.keys(), ...state.joined.keys()])
  const levels = [...known].map((id) => ({ broker: id, range: state.brokers.get(id)?.levels }))
  const behind = notSupportedBy(level, levels)
  if (behind !== null) return refused('FEATURE_LEVEL_UNSUPPORTED', behind)
  // Records of clients would be read as the log of a state machine.
  for (const [name, since] of machineTopics) {
    if (present < since && level >= since && state.topics.has(name))
      return refused('TOPIC_EXISTS', `"${name}" is for brokers alone from level ${level} on.`)
  }
  state.head.featureLevel = level
  const audit = { at, broker, by, action: 'set-feature-level', target: 'cluster', detail: `${present} to ${level}` }
  return { result: { ok: true, index: state.head.appliedIndex }, audit }
}
