import { Finding } from '../finding.ts'
import type { World } from '../world.ts'
import { ConditionHistory } from './condition-history.ts'
import { type ConditionalPlace, ConditionalWriter } from './conditional-writer.ts'
import { insist } from './topic-churn.ts'

const TOPIC = 'conditions'

/** Conditional publishes to a topic of their own, and the check that their answers are those of one partition each. */
export class Conditions {
  readonly #world: World
  readonly places: ConditionalPlace[] = []

  constructor(world: World) {
    this.#world = world
  }

  /** Begins when the topic is there. */
  async enter(): Promise<void> {
    const world = this.#world
    const { writers, partitions } = world.swarm.conditions!
    if (!(await insist(world, world.stream(900), TOPIC, true, { partitions, replicas: 3 }))) return
    const topic = world.watch.topic(TOPIC)!
    topic.partitions.forEach(({ group }, partition) => {
      const place = { topic: TOPIC, partition, group, history: new ConditionHistory() }
      this.places.push(place)
      for (let writer = 0; writer < writers; writer++) {
        void new ConditionalWriter(world, world.stream(910 + partition * 10 + writer)).run(place)
      }
    })
  }

  /** When nothing moves any more. @throws Finding */
  check(): void {
    const world = this.#world
    for (const { topic, partition, group, history } of this.places) {
      const end = world.watch.groups.get(group)?.committedEnd ?? 0
      history.read(world.loop.now, world.loop.now, end)
      const found = history.contradiction()
      if (found !== null) throw new Finding('linearizable-conditions', `${topic}/${partition}: ${found}`)
    }
  }
}
