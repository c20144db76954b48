import { UsageError } from '../command-failure.ts'
import type { Backup, TopicBackup } from './backup-shape.ts'

/** All where none is named. @throws UsageError */
export function topicsOf({ topics }: Backup, names: readonly string[]): TopicBackup[] {
  for (const name of names) {
    if (!topics.some((topic) => topic.name === name)) throw new UsageError(`the backup has no topic "${name}"`)
  }
  return topics.filter(({ name }) => names.length === 0 || names.includes(name))
}

/** The sum of what their partitions have. */
export function recordsIn(topics: readonly TopicBackup[]): number {
  return topics.flatMap(({ partitions }) => partitions).reduce((sum, { from, end }) => sum + end - from, 0)
}

/**
 * Topics under the names that they shall have.
 * @throws UsageError when there is no topic to rename, or two topics would have one name
 */
export function renamed(topics: readonly TopicBackup[], names: ReadonlyMap<string, string>): TopicBackup[] {
  for (const name of names.keys()) {
    if (!topics.some((topic) => topic.name === name))
      throw new UsageError(`the backup has no topic "${name}" to rename`)
  }
  const wanted = topics.map((topic) => ({ ...topic, name: names.get(topic.name) ?? topic.name }))
  const seen = new Set<string>()
  for (const { name } of wanted) {
    if (seen.has(name)) throw new UsageError(`two topics of the backup would be called "${name}"`)
    seen.add(name)
  }
  return wanted
}
