import type { FaultClass } from './fault.ts'
import { anyTarget } from './members.ts'

/** A topic keeps fewer bytes, or all again: segments are deleted while some replicas are away. */
const retention: FaultClass = {
  name: 'retention',
  likelihood: 0.3,
  everyMs: [500, 2_000],
  strike(world, random) {
    const { name } = random.pick(world.swarm.topics)
    if (world.watch.topic(name) === undefined) return
    const retentionBytes = random.pick([1, 5_000, 50_000, null])
    void world.operator.ask(`${name} keeps ${retentionBytes}`, (admin) => admin.alterTopic(name, { retentionBytes }))
  },
}

/** Some replica takes a snapshot now, for the others to fetch or not. */
const snapshot: FaultClass = {
  name: 'snapshot',
  likelihood: 0.3,
  everyMs: [300, 1_500],
  strike(world, random) {
    const target = anyTarget(world, random)
    if (target === null || !world.formed) return
    const request = { broker: random.pick(world.ids), thenFetch: random.chance(0.6) }
    void world.operator.ask(`snapshot by ${request.broker}`, (admin) => admin.snapshot(target, request))
  },
}

export const prefixes: readonly FaultClass[] = [retention, snapshot]
