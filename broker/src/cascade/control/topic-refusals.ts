import type { BrokerId, CascadeReport } from '@tailrace/schemas'
import { TopicChoice } from '../wire/topic-choice.ts'

/**
 * Whether `source` refuses `broker`, which copies topics that it does not copy. Brokers of level 0 have all; a broker
 * that is not heard of is taken to want none.
 */
export function topicRefusals(
  known: readonly Pick<CascadeReport, 'broker' | 'topics'>[],
): (source: BrokerId, broker: BrokerId) => boolean {
  const choices = new Map(known.map(({ broker, topics = [] }) => [broker, new TopicChoice(topics)]))
  return (source, broker) => {
    const [has, wanted] = [choices.get(source), choices.get(broker)]
    return has !== undefined && wanted !== undefined && !has.covers(wanted)
  }
}
