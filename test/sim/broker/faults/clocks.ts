import type { FaultClass } from './fault.ts'

/** A broker's clock for people jumps, back as well. A seed decides its speed once (swarm.rates). */
const clockJump: FaultClass = {
  name: 'clock-jump',
  likelihood: 0.3,
  everyMs: [500, 3_000],
  strike(world, random) {
    const broker = random.pick(world.inService)
    const jump = random.pick([1_000, 60_000, 86_400_000]) * (random.chance(0.5) ? 1 : -1)
    world.note(`clock ${broker.id} jumps by ${jump} ms`)
    broker.machine.timepiece.aheadMs += jump
  },
}

export const clocks: readonly FaultClass[] = [clockJump]
