import { expect, test } from 'vitest'
import { ET, TestCluster } from '../testing/test-cluster.ts'

const no = (): boolean => false

/** Of a group whose leader is gone. */
function left() {
  const cluster = new TestCluster(3)
  cluster.elect(1)
  cluster.tick(2)
  cluster.crash(1)
  return { cluster, node: cluster.node(2) }
}

test('a follower whose election is put off names no leader, asks nobody, and begins as soon as it may', () => {
  const { node } = left()
  for (let tick = 0; tick < 3 * ET; tick += 1) node.core.tick(no)
  node.drain()
  expect([node.core.role, node.core.leader, node.take()]).toEqual(['follower', 0, []])
  node.tick()
  expect(node.core.role).toBe('pre-candidate')
})

test('it is asked for no permission before its timer has fired', () => {
  const { node } = left()
  let asked = 0
  for (let tick = 0; tick < ET - 1; tick += 1) node.core.tick(() => asked++ < 0)
  expect([asked, node.core.leader]).toEqual([0, 1])
})

test('it votes for a candidate, and follows the leader, while its own election is put off', () => {
  const { cluster, node } = left()
  for (let tick = 0; tick < 2 * ET; tick += 1) node.core.tick(no)
  cluster.node(3).tick(2 * ET)
  cluster.settle()
  expect([cluster.leaders, node.core.leader]).toEqual([[3], 3])
})

test('an election without a winner ends when the next one is put off, and its timer begins anew', () => {
  const { node } = left()
  node.tick(2 * ET)
  expect(node.core.role).toBe('pre-candidate')
  let ticks = 0
  for (; node.core.role !== 'follower' && ticks < 2 * ET; ticks += 1) node.core.tick(no)
  expect(node.core.role).toBe('follower')
  node.tick(ET - 1)
  expect(node.core.role).toBe('follower')
  node.tick(ET)
  expect(node.core.role).toBe('pre-candidate')
})
