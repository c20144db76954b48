import { expect, test } from 'vitest'
import { TestCluster } from '../testing/test-cluster.ts'

test('a leader sends heartbeats at the interval of the setting, and none between', () => {
  for (const heartbeatTicks of [1, 3, 4]) {
    const cluster = new TestCluster(3, { heartbeatTicks })
    cluster.elect(1)
    const leader = cluster.node(1)
    const beats: number[] = []
    for (let tick = 1; tick <= 40; tick++) {
      leader.tick()
      if (leader.sent.some(({ type }) => type === 'heartbeat')) beats.push(tick)
      cluster.settle()
    }
    expect(leader.core.role).toBe('leader')
    expect(beats[0]).toBeLessThanOrEqual(heartbeatTicks)
    const pauses = beats.slice(1).map((tick, i) => tick - beats[i]!)
    expect(new Set(pauses)).toEqual(new Set([heartbeatTicks]))
  }
})
