import { topicPath } from '../../cluster/routing/topic-path.ts'
import { UsageError } from '../command-failure.ts'

/** A Raft group as a person names it, and where its routes are. */
export interface GroupAddress {
  /** For messages: `flights/3`, or "the metadata group". */
  readonly name: string
  readonly path: string
  /** The command that is about this group, for advice: `tailrace partition members flights/3`. */
  command(verb: string): string
}

export const metadataGroup: GroupAddress = {
  name: 'the metadata group',
  path: '/cluster',
  command: (verb) => `tailrace cluster ${verb}`,
}

/** `flights/3`. Throws UsageError that says how to write it. */
export function partitionAddress(text: string): GroupAddress {
  const match = /^(.+)\/(\d{1,10})$/.exec(text)
  if (match === null) {
    const topic = text.replace(/[/:#,].*$/, '') || 'TOPIC'
    throw new UsageError(
      `${JSON.stringify(text)} is not a partition; write topic and number with a slash between them, like ${topic}/0`,
    )
  }
  const [, topic, partition] = match
  return {
    name: text,
    path: topicPath(topic!, `/partitions/${Number(partition)}`),
    command: (verb) => `tailrace partition ${verb} ${text}`,
  }
}

/** `1,2,4` of a flag as broker numbers. Throws UsageError. */
export function parseBrokers(flag: string, text: string | undefined, example: string): number[] {
  if (text === undefined) throw new UsageError(`${flag} is missing: name the brokers, like ${example}`)
  const numbers = text.split(',').map((item) => item.trim())
  if (!numbers.every((item) => /^[1-9]\d{0,9}$/.test(item) && Number(item) < 2 ** 31)) {
    throw new UsageError(`${flag} is ${JSON.stringify(text)}, but must be broker numbers with commas, like ${example}`)
  }
  const brokers = numbers.map(Number)
  const twice = brokers.find((broker, at) => brokers.indexOf(broker) !== at)
  if (twice !== undefined) throw new UsageError(`${flag} names broker ${twice} twice`)
  return brokers
}

/** One broker number of a flag. Throws UsageError. */
export function parseBroker(flag: string, text: string | undefined, example: string): number {
  const [broker, ...more] = parseBrokers(flag, text, example)
  if (more.length > 0) throw new UsageError(`${flag} is ${JSON.stringify(text)}, but takes one broker, like ${example}`)
  return broker!
}
