import { afterEach, expect, test } from 'vitest'
import { runCommandLine } from '../cli.ts'
import { type Answer, type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function group(answers: Record<string, Answer | Answer[]>, args: string[], input = '') {
  const server = await answeringServer(answers)
  servers.push(server)
  const terminal = memoryTerminal({ input })
  const code = await runCommandLine(['group', ...args, '--server', server.address], terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n'), asked: server.asked }
}

const progress = { topic: 'flights', topicId: 'i', token: 5, term: 1, metadata: '', committedAt: 1 }
const described = {
  group: 'billing',
  state: 'stable',
  epoch: 4,
  members: [
    {
      id: 'm1',
      instance: 'pod-1',
      clientId: '',
      host: '10.0.0.1',
      topics: ['flights'],
      patterns: ['orders.*'],
      stuck: [{ topic: 'flights', partition: 1, offset: 9, sinceMs: 61_000 }],
    },
  ],
  partitions: [
    { ...progress, partition: 0, member: 'm1', offset: 1200, end: 1700, lag: 500 },
    { ...progress, partition: 1, member: '', offset: -1, end: -1, lag: -1 },
  ],
  delayed: 3,
}
const lines = (text: string): string[] => text.trimEnd().split('\n')

test('groups are listed with their lag', async () => {
  const groups = [
    { group: 'billing', state: 'stable', members: 2, topics: ['flights', 'orders'], lag: 1234, stuck: 1 },
    { group: 'idle', state: 'empty', members: 0, topics: ['flights'], lag: -1, stuck: 0 },
  ]
  const answers = { 'GET /consumer-groups': { body: { groups } } }
  expect(lines((await group(answers, ['list'])).out)).toEqual([
    'GROUP    STATE   MEMBERS    LAG  STUCK  TOPICS',
    'billing  stable        2  1,234      1  flights, orders',
    'idle     empty         0      ?      0  flights',
  ])
  expect((await group(answers, ['list', '--json'])).out).toBe(`${JSON.stringify(groups)}\n`)
})

test('a group is described with members, handlers that are stuck, and partitions', async () => {
  const { out } = await group({ 'GET /consumer-groups/billing': { body: described } }, ['describe', 'billing'])
  expect(lines(out)).toEqual([
    'billing: stable, 1 member, 3 records to come again later',
    '',
    'MEMBER  INSTANCE  CLIENT ID  HOST      PARTITIONS  SUBSCRIBED',
    'm1      pod-1     -          10.0.0.1           1  flights, orders.*',
    'member m1 has held flights/1 offset 9 for 61 s',
    '',
    'TOPIC    PARTITION  POSITION   END  LAG  MEMBER',
    'flights          0      1200  1700  500  m1',
    'flights          1         -     ?    ?  -',
  ])
})

test('lag is shown for each partition, and in all', async () => {
  const answers = { 'GET /consumer-groups/a%2Fb': { body: described } }
  expect(lines((await group(answers, ['lag', 'a/b'])).out).at(-1)).toBe(
    '500 records in all; 1 partition without a known lag',
  )
  expect(JSON.parse((await group(answers, ['lag', 'a/b', '--json'])).out)[0]).toEqual({
    topic: 'flights',
    partition: 0,
    offset: 1200,
    end: 1700,
    lag: 500,
  })
})

test('positions are moved, or it is shown what would be', async () => {
  const body = { positions: [{ topic: 'flights', topicId: 'i', partition: 0, from: -1, offset: 7 }] }
  const answers = { 'POST /consumer-groups/billing/reset': { body } }
  const dry = await group(answers, ['reset', 'billing', '--to', '-7', '--topic', 'flights', '--dry-run'])
  expect(lines(dry.out)).toEqual([
    'TOPIC    PARTITION  FROM  TO',
    'flights          0     -   7',
    '',
    'nothing was changed: --dry-run',
  ])
  const moved = await group(answers, ['reset', 'billing', '--yes', '--to', 'earliest'])
  expect(lines(moved.out).at(-1)).toBe('moved 1 position')
  expect([...dry.asked, ...moved.asked].map((asked) => asked.body)).toEqual([
    { to: '-7', dryRun: true, topics: ['flights'] },
    { to: 'earliest', dryRun: false },
  ])
  expect((await group(answers, ['reset', 'billing'])).code).toBe(2)
})

test('what is exported can be imported, and nothing else', async () => {
  const exported = { group: 'billing', positions: [{ topic: 'flights', partition: 0, offset: 7, metadata: '' }] }
  const from = await group({ 'GET /consumer-groups/billing/positions': { body: exported } }, ['export', 'billing'])
  const answers = { 'PUT /consumer-groups/copy/positions': { status: 204 } }
  const to = await group(answers, ['import', 'copy'], from.out)
  expect([to.out, to.asked.map(({ body }) => body)]).toEqual([
    'set 1 position of group copy\n',
    [{ positions: exported.positions }],
  ])
  for (const input of ['', 'x', '[]', '{"positions":7}']) {
    const refused = await group(answers, ['import', 'copy'], input)
    expect([refused.code, refused.asked]).toEqual([2, []])
  }
})

test('a group is deleted, unless it has members', async () => {
  const path = 'DELETE /consumer-groups/billing'
  expect((await group({ [path]: { status: 204 } }, ['delete', 'billing', '--yes'])).out).toBe('deleted group billing\n')
  const active = {
    code: 'CONSUMER_GROUP_ACTIVE',
    message: 'The consumer group has members.',
    retriable: false,
    hint: '',
  }
  const refused = await group({ [path]: { status: 409, body: active } }, ['delete', 'billing', '--yes'])
  expect([refused.code, refused.err]).toEqual([1, expect.stringContaining('has members')])
})
