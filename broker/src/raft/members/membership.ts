import type { BrokerId } from '@tailrace/schemas'
import type { Configuration } from '../config.ts'
import { isVoter } from './quorum.ts'

/** The admission under which a configuration names `id`; 0 for a founder. */
export function admissionOf(configuration: Configuration, id: BrokerId): number {
  return configuration.admissions?.[id] ?? 0
}

/** Whether the configuration has `id` as voter or learner, under any admission. */
export function isMember(configuration: Configuration, id: BrokerId): boolean {
  return isVoter(configuration, id) || configuration.learners.includes(id)
}

/** Whether the configuration names exactly this replica. */
export function isNamed(configuration: Configuration, id: BrokerId, admission: number): boolean {
  return isMember(configuration, id) && admissionOf(configuration, id) === admission
}
