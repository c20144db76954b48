import { CONSUMER_GROUPS_TOPIC } from '../../../../broker/src/api/consumer-groups-api.ts'
import type { World } from '../world.ts'
import type { SimCascade } from './sim-cascade.ts'

/** The first thing that is still wrong with the cascade brokers, or null when each has all committed records. */
export function unsettledCascades(world: World): string | null {
  for (const cascade of world.cascades.all) {
    const reason = unsettled(world, cascade)
    if (reason !== null) return `cascade broker ${cascade.id} ${reason}`
  }
  return null
}

function unsettled(world: World, { life, failure }: SimCascade): string | null {
  if (life === null) return `is not up: ${failure ?? 'it is starting'}`
  const { uplink, partitions, api } = life.node
  if (uplink.session === null) return `has no source: ${uplink.refusal}`
  const { ready, reason } = api.readiness()
  if (!ready) return `is not ready: ${reason}`
  const { topics, places } = world.watch.metadata
  const copies = [...partitions.all()]
  // The logs of coordinators are for brokers of level 0 alone.
  const copied = [...places.values()].filter(({ topic }) => topic.name !== CONSUMER_GROUPS_TOPIC).length
  if (copies.length !== copied) return `has ${copies.length} copies of ${copied} partitions`
  for (const { topic, topicId, partition, stopped, logStart, highWatermark } of copies) {
    const name = `${topic}/${partition}`
    if (topics.get(topic)?.id !== topicId) return `still has ${name} of ${topicId}`
    if (stopped !== '') return `has stopped to copy ${name}: ${stopped}`
    const group = world.watch.groups.get(topics.get(topic)!.partitions[partition]!.group)
    const committed = group?.committedEnd ?? 0
    if (highWatermark !== committed) return `has ${name} up to ${highWatermark} of ${committed}`
    const deleted = group?.deletionTold ?? 0
    if (logStart < deleted) return `shows ${name} from ${logStart} on, and all before ${deleted} is deleted`
  }
  return world.watch.security.isPresent(life.node.tables) ? null : 'has other users, tokens, rules or quotas'
}
