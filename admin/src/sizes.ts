import type { PartitionNumber } from '@tailrace/schemas'
import type { Requests } from './requests.ts'
import { describeTopic, partitionPath } from './topics.ts'

/** Each partition is a request of its own, which asks all replicas. */
const AT_ONCE = 16

export interface PartitionSize {
  /** Bytes on the disk of the leader. */
  readonly bytes: number
  /** Bytes on all disks, of the replicas that answer. */
  readonly replicaBytes: number
}

/** Of each partition, by its number. @throws TailraceError UNKNOWN_TOPIC */
export async function findSizes(
  requests: Requests,
  topic: string,
): Promise<ReadonlyMap<PartitionNumber, PartitionSize>> {
  const { partitions } = await describeTopic(requests, topic)
  const sizes = new Map<PartitionNumber, PartitionSize>()
  for (let from = 0; from < partitions.length; from += AT_ONCE) {
    const some = partitions.slice(from, from + AT_ONCE).map(({ partition }) => partition)
    const found = await Promise.all(some.map((partition) => sizeOf(requests, topic, partition)))
    for (let i = 0; i < some.length; i++) sizes.set(some[i]!, found[i]!)
  }
  return sizes
}

async function sizeOf(requests: Requests, topic: string, partition: PartitionNumber): Promise<PartitionSize> {
  const answer = (await requests.read(partitionPath(topic, partition, '/describe'))) as {
    readonly sizeBytes: number
    readonly replicas: readonly { readonly sizeBytes: number }[]
  }
  if (!Array.isArray(answer?.replicas)) throw requests.strange('replicas')
  return { bytes: answer.sizeBytes, replicaBytes: answer.replicas.reduce((sum, replica) => sum + replica.sizeBytes, 0) }
}
