import { readCopy } from './cascade/read-copy.ts'
import { unsettledCascades } from './cascade/unsettled-cascades.ts'
import { Finding } from './finding.ts'
import type { SimBroker } from './sim-broker.ts'
import type { WatchedGroup } from './watched-group.ts'
import type { WatchedReplica } from './watched-replica.ts'
import type { PartitionLedger } from './workload/partition-ledger.ts'
import { Producer } from './workload/producer.ts'
import { fetchReplica } from './workload/reader.ts'
import type { World } from './world.ts'

/**
 * Virtual time after the end of faults in which the cluster must have recovered. Links dropped silently are found out
 * after some seconds; but a newcomer that catches up with one message of one entry under way, while producers go on,
 * takes minutes (seed 170001855).
 */
export const PATIENCE_MS = 600_000
const READ_BYTES = 100_000

/** The first thing that is still wrong, or null when the cluster is as it should be. Called again and again. */
export function unsettled(world: World): string | null {
  for (const broker of world.inService) {
    if (broker.life === null) return `broker ${broker.id} is not up: ${broker.failure ?? 'it is starting'}`
    const { ready, reason } = broker.life.node.api.readiness()
    if (!ready) return `broker ${broker.id} is not ready: ${reason}`
  }
  const { metadata, groups, security } = world.watch
  for (const broker of world.operator.replacing) return `lost broker ${broker} is not replaced`
  if (world.watch.releases?.raised === 0) return 'the feature level is not raised'
  for (const id of metadata.changing)
    return `a change of group ${id} is under way: ${describe(metadata.partitionOf(id))}`
  for (const group of groups.values()) {
    const isThere = group.id === 0 || metadata.places.has(group.id)
    const stranger = world.inService.find(
      ({ id, life }) => life!.groups.get(group.id) !== undefined && !(isThere && group.members.includes(id)),
    )
    if (stranger !== undefined) return `broker ${stranger.id} still has group ${group.id}, to which it does not belong`
    const reason = isThere ? (misplaced(world, group) ?? behind(world, group)) : null
    if (reason !== null) return reason
  }
  for (const { id, life } of world.inService) {
    const { version } = life!.node.tables
    if (version !== security.version) return `broker ${id} has the tables of ${version}, not of ${security.version}`
  }
  return unsettledCascades(world)
}

function describe(partition: unknown): string {
  return JSON.stringify(partition)
}

/** The members are those that the metadata names; of the metadata itself, all brokers. */
function misplaced(world: World, { id, members }: WatchedGroup): string | null {
  const wanted = id === 0 ? world.ids : world.watch.metadata.partitionOf(id)!.replicas
  const isSame = wanted.length === members.length && wanted.every((broker) => members.includes(broker))
  return isSame ? null : `group ${id} has the members ${members}, and should have ${wanted}`
}

function behind(world: World, group: WatchedGroup): string | null {
  const { id } = group
  const replicas = inService(world, group)
  if (!replicas.some((replica) => replica.isLeader)) return `group ${id} has no leader`
  const longest = Math.max(...replicas.map((replica) => replica.log.length))
  for (const replica of replicas) {
    if (replica.core === null) return `group ${id} is not open at broker ${replica.id}`
    if (replica.log.length < longest) return `group ${id}: broker ${replica.id} has ${replica.log.length} of ${longest}`
    if (replica.commitIndex < longest)
      return `group ${id}: broker ${replica.id} has committed ${replica.commitIndex} of ${longest}`
    if (replica.core.durableIndex < longest) return `group ${id}: broker ${replica.id} has not synced ${longest}`
  }
  return null
}

function inService(world: World, group: WatchedGroup): WatchedReplica[] {
  return group.replicas.filter(({ id }) => group.members.includes(id) && !world.broker(id).gone)
}

/** One batch more to each partition, by producers that are new. Resolves when all are acknowledged. */
export async function publishToAll(world: World, ledgers: readonly PartitionLedger[]): Promise<void> {
  await Promise.all(
    ledgers.map((ledger, at) => new Producer(world, world.stream(700 + at), 10_000 + at, ledger).publish()),
  )
}

/** When nothing moves any more: replicas are identical, and each shows everything that was ever acknowledged. */
export async function checkOutcome(world: World, ledgers: readonly PartitionLedger[]): Promise<void> {
  for (const group of world.watch.groups.values()) {
    if (group.id !== 0 && !world.watch.metadata.places.has(group.id)) continue
    const [first, ...others] = inService(world, group)
    for (const other of others) {
      const at = other.log.findIndex(
        ({ value, header }, slot) => value !== first!.log[slot]?.value || header.term !== first!.log[slot]?.header.term,
      )
      if (at >= 0 || other.log.length !== first!.log.length)
        throw new Finding(
          'replicas-identical',
          `group ${group.id}: brokers ${first!.id} and ${other.id} differ at entry ${at + 1}`,
        )
    }
  }
  world.security.look()
  world.security.checkOutcome()
  for (const ledger of ledgers) {
    const group = world.watch.groups.get(ledger.group)!
    if (group.start > group.deletionAsked && !('retention' in world.swarm.faults))
      throw new Finding('kept-as-asked', `${ledger.topic}/${ledger.partition} begins at ${group.start}`)
    for (const { id } of inService(world, group)) checkDeleted(world.broker(id), ledger, group)
    for (const { id } of inService(world, group)) await readAll(world, world.broker(id), ledger, group)
    for (const cascade of world.cascades.all) await readCopy(world, cascade, ledger, group.committedEnd)
    ledger.checkComplete(group.start, group.committedEnd)
  }
}

function checkDeleted({ id, life }: SimBroker, { topic, partition }: PartitionLedger, group: WatchedGroup): void {
  const { logStart } = life!.groups.get(group.id)!
  if (logStart >= group.deletionTold) return
  const detail = `broker ${id} begins ${topic}/${partition} at ${logStart}, ${group.deletionTold} was told`
  throw new Finding('deleted-is-not-served', detail)
}

async function readAll(world: World, broker: SimBroker, ledger: PartitionLedger, group: WatchedGroup): Promise<void> {
  let offset = broker.life!.groups.get(ledger.group)!.logStart
  let failures = 0
  while (offset < group.committedEnd) {
    try {
      const result = await fetchReplica(world, broker, ledger, offset, READ_BYTES)
      world.shown(ledger, offset, result)
      if (result.nextOffset <= offset) throw new Error('nothing there')
      offset = result.nextOffset
    } catch (error) {
      // Rotten entries are not served, and soon fetched again from another replica; records that retention deletes
      // meanwhile need not be read.
      const code = (error as { code?: string }).code
      if (code === 'OFFSET_OUT_OF_RANGE') offset = Math.max(offset, broker.life!.groups.get(ledger.group)!.logStart)
      if (++failures < (code === 'STORAGE_CORRUPT' ? 100 : 5)) await world.pause(300)
      else
        throw new Finding(
          'minority-loses-nothing',
          `broker ${broker.id}, ${ledger.topic}/${ledger.partition} at ${offset}: ${error}`,
        )
    }
  }
}
