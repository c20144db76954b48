import type { GroupDescription } from '../../api/admin-api.ts'
import { topicPath } from '../../cluster/routing/topic-path.ts'
import { CommandFailure } from '../command-failure.ts'
import type { AdminClient } from './admin-client.ts'
import type { PartitionBody, TopicBody } from './answer-shapes.ts'

/** Each is a request of its own, which asks all replicas. */
const mostSized = 100
const atOnce = 16

export interface SizedPartition extends PartitionBody {
  /** Bytes on the disk of the leader; null: not known. */
  readonly sizeBytes: number | null
  /** On all disks, of the replicas that answer; null: not known. */
  readonly replicaBytes: number | null
}

/** The partitions of the topic with what they take on disks; of those behind the first hundred that is not asked. */
export async function withSizes({ name, partitions }: TopicBody, admin: AdminClient): Promise<SizedPartition[]> {
  const sized: SizedPartition[] = []
  for (let from = 0; from < partitions.length; from += atOnce) {
    const some = partitions.slice(from, from + atOnce)
    sized.push(...(await Promise.all(some.map((partition) => sizeOf(name, partition, admin)))))
  }
  return sized
}

async function sizeOf(topic: string, partition: PartitionBody, admin: AdminClient): Promise<SizedPartition> {
  const unknown = { ...partition, sizeBytes: null, replicaBytes: null }
  if (partition.partition >= mostSized) return unknown
  try {
    const path = topicPath(topic, `/partitions/${partition.partition}/describe`)
    const { sizeBytes, replicas } = (await admin.request('GET', path)) as GroupDescription
    return { ...partition, sizeBytes, replicaBytes: replicas.reduce((sum, replica) => sum + replica.sizeBytes, 0) }
  } catch (error) {
    // All else about the topic is known.
    if (error instanceof CommandFailure) return unknown
    throw error
  }
}
