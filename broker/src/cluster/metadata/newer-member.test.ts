import { type IntentFields, METADATA_GROUP } from '@tailrace/schemas'
import { beforeEach, expect, test } from 'vitest'
import { TestCluster } from '../testing/test-cluster.ts'
import type { Command } from './commands/command.ts'
import { encodeCommand } from './commands/command.ts'

let cluster: TestCluster
const ids = [1, 2, 3]

/** Runs the clock until the work is done. */
async function during<T>(work: Promise<T>): Promise<T> {
  let done = false
  const finished = work.finally(() => (done = true))
  finished.catch(() => {})
  for (let step = 0; step < 300 && !done; step++) await cluster.clock.advance(100)
  return finished
}

const leader = () => cluster.broker(ids.find((id) => cluster.broker(id).groups.get(METADATA_GROUP)!.isLeader)!)
const newer = (number: number) => ({ type: 'make-coffee', number }) as unknown as Command

beforeEach(async () => {
  cluster = await TestCluster.of(3)
})

test('commands that the leader cannot read, as a newer broker sends, are refused by name, and others go on', async () => {
  const { node } = leader()
  const from = ids.find((id) => id !== leader().id)!
  // As it is read from a peer that knows more commands (schemas/src/record-unions.test.ts).
  const intent = { 'tailrace.metadata.MakeCoffee': null } as unknown as IntentFields
  const ask = async (number: number) => {
    const fields = { correlation: number, id: `new-${number}`, timeoutMs: 100, intent }
    return (await node.handlers.request(from, 'MetadataCommand', fields, new Uint8Array())).fields
  }
  const answers = await during(Promise.all(Array.from({ length: 1100 }, (_, number) => ask(number))))
  for (const answer of answers) expect(answer).toMatchObject({ refusal: { code: 'UNSUPPORTED_MESSAGE' } })
  expect(answers[0]!.refusal!.detail).toContain('"MakeCoffee"')
  const other = ids.find((id) => id !== leader().id && id !== from)!
  const behind = cluster.broker(other).node.handlers
  const fields = { correlation: 1, id: 'new', timeoutMs: 100, intent }
  await expect(behind.request(from, 'MetadataCommand', fields, new Uint8Array())).rejects.toMatchObject({
    code: 'NOT_LEADER',
  })
  await during(cluster.broker(from).node.api.createTopic({ name: 'after', partitions: 1, replicas: 3 }))
})

test('a command of a newer version in the log stops every broker that cannot read it, with a log line, and no command is skipped', async () => {
  const api = (id: number) => cluster.broker(id).node.api
  await during(api(1).createTopic({ name: 'before', partitions: 1, replicas: 1 }))
  await cluster.clock.advance(1000)
  const group = leader().groups.get(METADATA_GROUP)!
  await during(group.publish(encodeCommand({ id: 'from-the-future', command: newer(1) }, 1)))
  const next = { type: 'delete-topic', name: 'before' } as const
  await during(group.publish(encodeCommand({ id: 'after-it', command: next }, 1)))
  await cluster.clock.advance(1000)
  for (const id of ids) {
    expect(api(id).readiness()).toMatchObject({
      ready: false,
      reason: expect.stringMatching(/Entry \d+ .*"make-coffee"/),
    })
    expect(cluster.broker(id).logged.filter((line) => line.includes('cannot go on'))).toHaveLength(1)
    expect(api(id).listTopics()).toHaveLength(1)
  }
  await expect(during(api(2).createTopic({ name: 'new', partitions: 1, replicas: 1 }))).rejects.toMatchObject({
    code: 'NEWER_FORMAT',
    retriable: false,
  })
})

test('a command behind one that cannot be read is not waited for', async () => {
  const { node, groups } = leader()
  const behind = node.api.createTopic({ name: 'a', partitions: 1, replicas: 1 })
  void groups.get(METADATA_GROUP)!.publish(encodeCommand({ id: 'from-the-future', command: newer(1) }, 1))
  const before = cluster.clock.monotonic()
  await expect(during(behind)).rejects.toMatchObject({ code: 'NEWER_FORMAT' })
  expect(cluster.clock.monotonic() - before).toBeLessThan(1000)
})
