import { expect, test } from 'vitest'
import { clusterSecret, formationOf } from '../metadata/formation-record.ts'
import { BrokerData, TestCluster } from '../testing/test-cluster.ts'

const secretOf = (cluster: TestCluster, id: number): string => cluster.broker(id).groups.secret

test('M95: founders and brokers that join later seal tokens with the same secret, also after a restart', async () => {
  const cluster = await TestCluster.of(3)
  const secret = secretOf(cluster, 1)
  expect(secret).toMatch(/^[0-9a-f]{64}$/)
  const data = new BrokerData()
  await cluster.start(4, [2], data)
  expect(secretOf(cluster, 4)).toBe('')
  cluster.link(cluster.broker(4), cluster.broker(2))
  await cluster.clock.advance(4000)
  expect([2, 3, 4].map((id) => secretOf(cluster, id))).toEqual([secret, secret, secret])
  await cluster.kill(cluster.broker(4))
  await cluster.start(4, [2], data)
  expect(secretOf(cluster, 4)).toBe(secret)
})

test('M95: the secret is that of the founders, and not to be had from the id of the cluster', () => {
  const member = (directoryId: string) => ({ id: 1, directoryId, peer: 'a:7080' })
  const hex = (directoryId: string) => Buffer.from(clusterSecret(formationOf([member(directoryId)]))).toString('hex')
  expect(hex('one')).toBe(hex('one'))
  expect(hex('one')).not.toBe(hex('other'))
  const id = formationOf([member('one')]).clusterId.replaceAll('-', '')
  expect(hex('one').slice(0, 12)).not.toBe(id.slice(0, 12))
})
