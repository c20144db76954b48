import type { ConsumerGroupsApi, ListedConsumerGroup } from '../../api/consumer-groups-api.ts'
import { COORDINATORS } from '../../api/consumer-groups-api.ts'

/**
 * The groups of all coordinators, in the order of their names.
 * @throws TailraceError as ConsumerGroupsApi.ask: a list that lacks some would look whole
 */
export async function listAll(ask: ConsumerGroupsApi['ask']): Promise<readonly ListedConsumerGroup[]> {
  const partitions = Array.from({ length: COORDINATORS }, (_, partition) => partition)
  const lists = await Promise.all(partitions.map((partition) => ask({ kind: 'list', partition })))
  return lists.flatMap(({ groups }) => groups).sort((a, b) => (a.group < b.group ? -1 : 1))
}
