import { lastOffsetDeltaAt, leaderEpochAt } from '@tailrace/schemas'
import { Finding } from './finding.ts'
import type { SimBroker } from './sim-broker.ts'
import type { WatchedGroup } from './watched-group.ts'
import type { WatchedReplica } from './watched-replica.ts'
import type { PartitionLedger } from './workload/partition-ledger.ts'
import { Producer } from './workload/producer.ts'
import { fetchReplica } from './workload/reader.ts'
import type { World } from './world.ts'

/** Virtual time after the end of faults in which everything must have come right: links dropped silently are found out after some seconds. */
export const PATIENCE_MS = 60_000
const READ_BYTES = 100_000

/** What is still wrong, or null when the cluster is as it should be. Looked at again and again. */
export function unsettled(world: World): string | null {
  for (const broker of world.inService) {
    if (broker.life === null) return `broker ${broker.id} is not up: ${broker.failure ?? 'it is starting'}`
    const { ready, reason } = broker.life.node.api.readiness()
    if (!ready) return `broker ${broker.id} is not ready: ${reason}`
  }
  for (const group of world.watch.groups.values()) {
    if (group.id !== 0 && !world.watch.metadata.places.has(group.id)) {
      const kept = world.inService.find(({ life }) => life!.groups.get(group.id) !== undefined)
      if (kept !== undefined) return `broker ${kept.id} still has group ${group.id} of a deleted topic`
      continue
    }
    const reason = behind(world, group)
    if (reason !== null) return reason
  }
  return null
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
  return group.replicas.filter(({ id }) => !world.retired.has(id))
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
  for (const ledger of ledgers) {
    const group = world.watch.groups.get(ledger.group)!
    // Replicas on disks that have rotted come last: what they cannot read must have been shown by the others.
    const replicas = inService(world, group)
      .map(({ id }) => world.broker(id))
      .sort((a, b) => rank(world, a) - rank(world, b))
    for (const broker of replicas) await readAll(world, broker, ledger, group)
    ledger.checkComplete(group.committedEnd)
  }
}

function rank(world: World, { id }: SimBroker): number {
  return world.rots > 0 && world.swarm.rotten.includes(id) ? 1 : 0
}

async function readAll(world: World, broker: SimBroker, ledger: PartitionLedger, group: WatchedGroup): Promise<void> {
  let offset = 0
  let failures = 0
  while (offset < group.committedEnd) {
    try {
      const result = await fetchReplica(world, broker, ledger, offset, READ_BYTES)
      world.shown(ledger, offset, result)
      if (result.nextOffset <= offset) throw new Error('nothing there')
      offset = result.nextOffset
    } catch (error) {
      // A replica never serves what has rotted on its own disk; that it says so is what is asked of it.
      if (rank(world, broker) > 0 && (error as { code?: string }).code === 'STORAGE_CORRUPT') {
        offset = skip(ledger, offset)
        continue
      }
      if (++failures < 5) await world.pause(200)
      else
        throw new Finding(
          'minority-loses-nothing',
          `broker ${broker.id}, ${ledger.topic}/${ledger.partition} at ${offset}: ${error}`,
        )
    }
  }
}

/** Behind the batch at this offset, whose length another replica has shown. */
function skip(ledger: PartitionLedger, offset: number): number {
  const batch = ledger.batchAt(offset)
  if (batch === undefined) return offset + 1
  // A batch without a term was never in a log.
  if (leaderEpochAt(batch, 0) < 1) throw new Finding('same-bytes-everywhere', `a batch at ${offset} has no term`)
  return offset + lastOffsetDeltaAt(batch, 0) + 1
}
