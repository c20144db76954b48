import type { FaultClass } from './fault.ts'

/** No fault: an operator deletes the oldest records of a partition while the others strike. */
const deletion: FaultClass = {
  name: 'deletion',
  likelihood: 0.3,
  everyMs: [100, 500, 2_000],
  strike(world, random) {
    const { name } = random.pick(world.swarm.topics)
    const partitions = world.watch.topic(name)?.partitions ?? []
    if (partitions.length === 0) return
    const partition = random.below(partitions.length)
    const group = world.watch.groups.get(partitions[partition]!.group)
    if (group === undefined) return
    const before = random.below(group.committedEnd + 1)
    group.deletionAsked = Math.max(group.deletionAsked, before)
    const target = { kind: 'partition', topic: name, partition } as const
    const asked = world.operator.ask(`${name}/${partition} is deleted before ${before}`, (admin) =>
      admin.deleteRecords(target, before),
    )
    void asked.then((answer) => {
      if (answer !== null) group.deletionTold = Math.max(group.deletionTold, before)
    })
  },
}

export const deletions: readonly FaultClass[] = [deletion]
