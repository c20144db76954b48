import { toNumber } from '../arguments.ts'
import type { CommandTable } from '../command.ts'
import { Unexpected } from '../failures.ts'
import { configurationText } from '../render.ts'
import type { Story } from '../story.ts'
import { settle } from './delivery.ts'
import { isStable, quietly, tickAll } from './time.ts'

/** Every moment at which something could go wrong, one after the other. */
export const exploration: CommandTable = {
  /**
   * `explore crash 1`: lives through the story so far again and again, each time with one step more (a message or an
   * fsync), and kills broker 1 there, once with what is on the wire and once without. The others go on, it comes back,
   * and all must agree with nothing acknowledged lost.
   */
  explore: (story, { words }) => {
    const id = toNumber(words[1])
    const outcomes = new Map<string, number>()
    let points = 0
    for (let steps = 0; ; steps++) {
      const lossy = crashAfter(story, steps, id, true)
      if (lossy === null) break
      points++
      for (const ending of [lossy, crashAfter(story, steps, id, false)!]) {
        outcomes.set(ending, (outcomes.get(ending) ?? 0) + 1)
      }
    }
    story.say(`${points} crash points, each with its messages lost and with them kept; all end with equal logs`)
    for (const [ending, count] of [...outcomes].sort()) story.say(`${count} times ${ending}`)
  },
}

/** The outcome; null if the story comes to rest in fewer steps. */
function crashAfter(story: Story, steps: number, id: number, loseWire: boolean): string | null {
  const life = story.replay()
  let alive = true
  quietly(life, () => {
    for (let i = 0; i < steps && alive; i++) alive = life.stepOne()
    if (!alive) return
    const replica = life.running(id)
    replica.disk.crash(0)
    replica.stop()
    replica.log = replica.disk.entries.slice()
    life.invariants.durableMajority()
    if (loseWire) life.wire.parcels = []
    for (const other of life.replicas) {
      other.autoPersist = true
      if (other.core !== null) other.persist(Number.POSITIVE_INFINITY)
    }
    const { electionTicks } = life.options
    runFor(life, 4 * electionTicks)
    life.start(id)
    for (let i = 0; i < 20 && !isStable(life); i++) runFor(life, electionTicks)
  })
  return alive ? ending(life, steps) : null
}

function runFor(life: Story, ticks: number): void {
  for (let i = 0; i < ticks; i++) {
    tickAll(life, life.replicas)
    settle(life, null)
  }
}

function ending(life: Story, steps: number): string {
  if (!isStable(life)) throw new Unexpected(`after a crash at step ${steps} the brokers do not come to agree`)
  const { log } = life.leader!
  const names = log.flatMap(({ value }) => life.nameOf(value) ?? [])
  for (const name of life.acked) {
    if (!names.includes(name)) throw new Unexpected(`after a crash at step ${steps} ${name}, acknowledged, is lost`)
  }
  return `${log.map(({ header }) => header.term).join(' ')}, ${configurationText(life.leader!.core!.configuration)}`
}
