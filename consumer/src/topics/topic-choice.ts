import { checkTopicName, TailraceError } from '@tailrace/schemas'

/** What several topics are given as: names, and patterns that their names match. */
export type Topics = RegExp | readonly (string | RegExp)[]

export interface TopicChoice {
  readonly names: readonly string[]
  /** Whether a topic that is not named is read, too. Topics of brokers are read by name alone. */
  readonly matches: ((name: string) => boolean) | undefined
}

/** @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME */
export function topicChoice(given: Topics): TopicChoice {
  const all = Array.isArray(given) ? (given as readonly (string | RegExp)[]) : [given as RegExp]
  if (all.length === 0) throw new TailraceError('INVALID_SETTING', 'topics: name one at least.')
  const names = new Set<string>()
  const patterns: RegExp[] = []
  for (const one of all) {
    // Those flags make an expression remember where it has matched.
    if (one instanceof RegExp) patterns.push(new RegExp(one.source, one.flags.replace(/[gy]/g, '')))
    else {
      checkTopicName(one)
      names.add(one)
    }
  }
  const matches = (name: string): boolean => !name.startsWith('__') && patterns.some((pattern) => pattern.test(name))
  return { names: [...names], matches: patterns.length === 0 ? undefined : matches }
}
