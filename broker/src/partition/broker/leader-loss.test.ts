import { expect, test } from 'vitest'
import type { Replica } from '../replica/replica.ts'
import { LeaderLoss } from './leader-loss.ts'

const BROKER = 1
const LOST = 3

class SleepingReplica {
  readonly driver = {
    asleep: true,
    stopped: false,
    core: { leader: LOST, configuration: { voters: [1, 2, 3] } },
    leaderLost: (_ticks: number, eager: boolean) => {
      this.driver.asleep = false
      this.told.push(eager)
    },
  }
  readonly told: boolean[] = []
  readonly id: number

  constructor(id: number) {
    this.id = id
  }
}

function lossOf(count: number): { replicas: SleepingReplica[]; loss: LeaderLoss; told: () => number } {
  const replicas = Array.from({ length: count }, (_, id) => new SleepingReplica(id))
  const loss = new LeaderLoss({
    brokerId: BROKER,
    ticks: () => 10,
    awake: () => replicas.filter(({ driver }) => !driver.asleep).length,
    sleepers: {
      asleepSince: (group: number) => (replicas[group]!.driver.asleep ? 0 : undefined),
      isReachable: (peer: number) => peer === 2,
    },
  })
  for (const replica of replicas) loss.add(replica as unknown as Replica)
  return { replicas, loss, told: () => replicas.filter(({ told }) => told.length > 0).length }
}

test('the next wave comes when the replicas of the last one sleep again, and a few come in any case', () => {
  const { replicas, loss, told } = lossOf(6_000)
  loss.tick()
  expect(told()).toBe(1_000)
  // Of two brokers that are left each is the first in half of the groups.
  expect(replicas.filter(({ told }) => told[0] === true)).toHaveLength(1_000)
  loss.tick()
  expect(told()).toBe(1_064)
  for (const { driver, told } of replicas) if (told.length > 0) Object.assign(driver, { asleep: true })
  loss.tick()
  expect(told()).toBe(2_064)
})

test('groups in which another broker is first are left to it for a while', () => {
  const { replicas, loss, told } = lossOf(100)
  for (let tick = 0; tick < 10; tick += 1) loss.tick()
  expect(replicas.filter(({ told }) => told.length > 0).every(({ told }) => told[0] === true)).toBe(true)
  expect(told()).toBe(50)
  for (let tick = 0; tick < 3; tick += 1) loss.tick()
  expect(told()).toBe(100)
})

test('of thousands that are awake, most draw their time as usual', () => {
  const { replicas, loss } = lossOf(6_000)
  for (const replica of replicas) {
    replica.driver.asleep = false
    loss.disconnected(replica as unknown as Replica)
  }
  expect(replicas.every(({ told }) => told.length === 1)).toBe(true)
  expect(replicas.filter(({ told }) => told[0] === true)).toHaveLength(1_000)
})
