import { Consumer } from '@tailrace/consumer'
import { Producer } from '@tailrace/producer'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { allInSync, topicBecomes } from './topic-view.ts'

let cluster: ClusterProcesses
let cascade: CascadeProcesses

beforeAll(async () => {
  cluster = await ClusterProcesses.start({ brokers: 1 })
  cascade = await CascadeProcesses.inFolder()
  for (const name of ['flights', 'orders.eu']) {
    await cluster.request(1, 'POST', '/topics', { name, partitions: 2, replicas: 1 })
    await topicBecomes(cluster, 1, name, allInSync)
  }
  await cascade.add(101, cluster.http(1), ['--topics', 'orders.*'])
  await cascade.ready()
}, 60_000)

afterAll(async () => {
  await cascade.destroy()
  await cluster.destroy()
})

it('M88 a broker with --topics serves these; the SDKs publish through it to all, and are told where others are read', async () => {
  const servers = [`ws://${cascade.http(101)}`]
  const producer = new Producer({ servers })
  for (const topic of ['flights', 'orders.eu']) await producer.send(topic, { value: topic })
  await producer.close()

  const consumer = new Consumer({ servers })
  for await (const { value } of consumer.subscribe('orders.eu', { from: 'earliest' })) {
    expect(value).toBe('orders.eu')
    break
  }
  const refused = {
    code: 'TOPIC_NOT_COPIED',
    message: expect.stringContaining(`Read it from a broker of level 0: ${cluster.http(1)} (broker 1).`),
  }
  await expect(
    consumer.subscribe('flights', { from: 'earliest' })[Symbol.asyncIterator]().next(),
  ).rejects.toMatchObject(refused)
  await expect(consumer.read('flights', { partition: 0, offset: 0 })).rejects.toMatchObject(refused)
  await expect(consumer.subscribe('nowhere')[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'UNKNOWN_TOPIC',
  })
  await consumer.close()
  const nearest = new Consumer({ servers, level: 'nearest' })
  for await (const { value } of nearest.subscribe('flights', { from: 'earliest' })) {
    expect(value).toBe('flights')
    break
  }
  await nearest.close()

  const list = await tailrace(['topic', 'list', '--server', cascade.http(101)])
  expect([list.out.includes('orders.eu'), list.out.includes('flights')]).toEqual([true, false])
  const tail = await tailrace(['tail', 'flights', '--server', cascade.http(101)])
  expect([tail.code === 0, tail.err]).toEqual([false, expect.stringContaining('does not copy the topic')])
  const status = await tailrace(['cascade', 'status', '--server', cluster.http(1)])
  expect(status.out).toMatch(/TOPICS[\s\S]*orders\.\*/)
}, 60_000)
