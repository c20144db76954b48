import { afterEach, it } from 'vitest'
import { startTier, startTop, type Tier, until } from '../testing/tiers.ts'

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0).reverse()) await one.stop().catch(() => {})
})

it('M89 a broker that an operator has moved to another level goes back to its own when the choice is given up', async () => {
  const { control, address, gateway } = await startTop()
  running.push({ stop: () => gateway.close() })
  const tier = async (id: number, source: string): Promise<Tier> => {
    const started = await startTier(id, [source])
    running.push(started)
    return started
  }
  const one = await tier(101, address)
  await until('level 1', () => one.node.uplink.level === 1)
  await tier(102, address)
  const two = await tier(201, one.address)
  const placeOf = async (broker: number) => {
    const { brokers } = await control.status()
    const { level = 0, home = 0, source = 0, pinned = 0 } = brokers.find((known) => known.broker === broker) ?? {}
    return `level ${level} of ${home}, source ${source}, pinned ${pinned}`
  }
  const standsAt = (broker: number, place: RegExp) =>
    until(`${broker}: ${place}`, async () => place.test(await placeOf(broker)), 15_000)
  await standsAt(201, /level 2 of 2/)
  await standsAt(102, /level 1 of 1/)

  await control.assign(102, 201)
  await standsAt(102, /level 3 of 3, source 201, pinned 201/)
  await control.assign(102, 0)
  await standsAt(102, /level 1 of 1, source 1, pinned 0/)

  await control.assign(201, 1)
  await standsAt(201, /level 1 of 1, source 1, pinned 1/)
  await control.assign(201, 0)
  await standsAt(201, /level 2 of 2, source 10[12], pinned 0/)
  await until('level 2', () => two.node.uplink.level === 2)
}, 60_000)
