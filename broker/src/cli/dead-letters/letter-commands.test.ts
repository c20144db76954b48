import { expect, it } from 'vitest'
import type { AdminClient } from '../admin/admin-client.ts'
import { CommandFailure } from '../command-failure.ts'
import type { TailedRecord } from '../records/record-text.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'
import { dropLetters, listLetters, replayLetters, showLetters } from './letter-commands.ts'
import type { LetterSource } from './read-letters.ts'

interface Put {
  readonly positions: readonly { topic: string; partition: number; offset: number }[]
}

/** A cluster with the topics `a` and `a.dlq`, whose partition 1 has no dead letters. */
function world(known: { topic: string; partition: number; offset: number }[] | null) {
  const set: Put['positions'][number][] = []
  const admin: AdminClient = {
    async request(method, path, body) {
      if (path === '/topics') return { topics: [{ name: 'a' }, { name: 'a.dlq' }] }
      if (path === '/topics/a.dlq') {
        const partition = { leader: 1, term: 1, replicas: [1], inSync: [1] }
        return {
          partitions: [
            { ...partition, partition: 0, logStart: 2, highWatermark: 6 },
            { ...partition, partition: 1, logStart: 0, highWatermark: 0 },
          ],
        }
      }
      if (path === '/consumer-groups/tailrace.dlq/positions' && method === 'PUT') {
        set.push(...(body as Put).positions)
        return undefined
      }
      if (path === '/consumer-groups/tailrace.dlq/positions' && known !== null) return { positions: known }
      throw new CommandFailure({ code: 'UNKNOWN_CONSUMER_GROUP', message: '', retriable: false, hint: '' })
    },
  }
  const terminal = memoryTerminal()
  return { admin, set, terminal, asking: { admin, terminal, json: false } }
}

const letter = (offset: number): TailedRecord => ({
  partition: 0,
  offset,
  timestamp: 0,
  key: 'k',
  value: `v${offset}`,
  headers: {
    trace: '7',
    'tailrace.dlq.reason': 'no\nprice',
    'tailrace.dlq.error': 'TypeError',
    'tailrace.dlq.topic': 'a',
    'tailrace.dlq.partition': '3',
    'tailrace.dlq.offset': '17',
    'tailrace.dlq.attempts': '5',
    'tailrace.dlq.group': 'billing',
    'tailrace.dlq.at': '2026-11-30T00:00:00.000Z',
  },
})

/** Goes on behind the end, as a topic does that gets more. */
const source: LetterSource = {
  async *subscribe(_topic, { from }) {
    for (let offset = from.get(0)!; ; offset++) yield letter(offset)
  },
}

it('lists the topics of dead letters, with those that nobody has dealt with', async () => {
  const fresh = world(null)
  await listLetters(fresh.asking)
  expect(fresh.terminal.text()).toBe('TOPIC  WAITING\na.dlq        4\n')
  const later = world([{ topic: 'a.dlq', partition: 0, offset: 5 }])
  await listLetters({ ...later.asking, json: true })
  expect(later.terminal.text()).toBe('[{"topic":"a.dlq","waiting":1}]\n')
})

it('shows why a record is there and where it comes from, without control characters', async () => {
  const { asking, terminal, set } = world(null)
  await showLetters('a.dlq', 1, source, asking)
  expect(terminal.text()).toBe(
    [
      '0:2  2026-11-30T00:00:00.000Z  from a 3:17, 5 attempts of group billing',
      '  TypeError: no\\u000aprice',
      '  k  v2',
      '',
    ].join('\n'),
  )
  expect(set).toEqual([])
  const json = world(null)
  await showLetters('a.dlq', 9, source, { ...json.asking, json: true })
  const lines = json.terminal.text().trimEnd().split('\n')
  expect(lines.map((line) => JSON.parse(line).offset)).toEqual([2, 3, 4, 5])
  expect(JSON.parse(lines[0]!)).toMatchObject({ key: 'k', value: 'v2', letter: { topic: 'a', attempts: '5' } })
})

it('replays them where they come from, as they were, and then counts them as dealt with', async () => {
  const { asking, terminal, set } = world([{ topic: 'a.dlq', partition: 0, offset: 4 }])
  const sent: object[] = []
  const target = { send: async (topic: string, record: object) => void sent.push({ topic, ...record }) }
  await replayLetters('a.dlq', null, source, target, asking)
  expect(sent).toEqual(
    ['v4', 'v5'].map((value) => ({ topic: 'a', key: 'k', value, headers: { trace: '7' }, partition: 3 })),
  )
  expect(set).toEqual([{ topic: 'a.dlq', partition: 0, offset: 6, metadata: '' }])
  expect(terminal.text()).toBe('replayed 2 records of a.dlq\n')
})

it('replays to another topic, and counts nothing as dealt with that could not be published', async () => {
  const { asking, set } = world(null)
  const sent: string[] = []
  const target = {
    async send(topic: string, { value }: { value?: string }) {
      if (value === 'v4') throw new Error('refused')
      sent.push(`${topic} ${value}`)
    },
  }
  await expect(replayLetters('a.dlq', 'b', source, target, asking)).rejects.toThrow('refused')
  expect([sent, set]).toEqual([['b v2', 'b v3', 'b v5'], []])
})

it('refuses to replay a record that does not tell where it comes from', async () => {
  const { asking, set } = world(null)
  const others: LetterSource = {
    async *subscribe() {
      for (let offset = 2; ; offset++) yield { ...letter(offset), headers: {} }
    },
  }
  const replaying = replayLetters('a.dlq', null, others, { send: async () => {} }, asking)
  await expect(replaying).rejects.toMatchObject({ shape: { code: 'INVALID_RECORD' } })
  expect(set).toEqual([])
})

it('drops all that wait', async () => {
  const { asking, terminal, set } = world(null)
  await dropLetters('a.dlq', asking)
  expect(set).toEqual([{ topic: 'a.dlq', partition: 0, offset: 6, metadata: '' }])
  expect(terminal.text()).toBe('dropped 4 records of a.dlq\n')
})
