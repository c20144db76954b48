import { TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { aGroupDescription, MemoryAdmin } from '../testing/memory-admin.ts'
import { MemoryBroker } from '../testing/memory-broker.ts'
import { SharedAnswers } from './shared-answers.ts'
import { SubjectWatch } from './subject-watch.ts'
import { subjectOf } from './subjects/subjects.ts'

const started = 1_700_000_000_000
const ofPartition = (partition: number, topicId = '') =>
  subjectOf({ of: 'partition', topic: 'flights', partition, topicId })

interface State {
  readonly id: string
  readonly at: number
  readonly group?: { readonly term: number } | null
  readonly error: { readonly code: string } | null
}

let clock: ManualClock
let admin: MemoryAdmin
let answers: SharedAnswers
let term: number
/** Watches whose clients do not read. */
const slow = new Set<string>()
let problem: TailraceError | null
let refusal: TailraceError | null
const sent: State[] = []
const failures: unknown[] = []
const logged: string[] = []

beforeEach(async () => {
  clock = new ManualClock(started)
  const broker = new MemoryBroker(clock)
  await broker.createTopic({ name: 'flights', partitions: 3, replicas: 1 })
  admin = new MemoryAdmin(broker)
  const describeGroup = admin.describeGroup.bind(admin)
  admin.describeGroup = async (target) => ({ ...(await describeGroup(target)), term })
  const log = { info: () => {}, warn: () => {}, error: (_: object, message: string) => void logged.push(message) }
  answers = new SharedAnswers({ admin }, clock, log)
  ;[term, problem, refusal] = [7, null, null]
  slow.clear()
  for (const list of [sent, failures, logged]) list.length = 0
})

function watch(id: string, subject = ofPartition(0)): SubjectWatch {
  const client = {
    authentication: { problem: () => problem } as never,
    get overfull() {
      return slow.has(id)
    },
    sendText: (text: string) => void sent.push(JSON.parse(text)),
  }
  const check = () => {
    if (refusal !== null) throw refusal
  }
  const rights = { checkDescribe: check, checkCluster: check } as never
  const made = new SubjectWatch(id, subject, { client, rights, clock, fail: (error) => void failures.push(error) })
  answers.add(made)
  return made
}
const asked = () => admin.asked.length
const times = () => sent.map(({ at }) => at - started)
const terms = () => sent.map(({ group }) => group?.term)

describe('a watch of a partition', () => {
  test('is told what the group is at once, then what has changed, once a second, and nothing that has not', async () => {
    watch('w')
    await clock.advance(5_500)
    expect(sent).toEqual([{ op: 'state', id: 'w', at: started, group: aGroupDescription, error: null }])
    for (let n = 0; n < 40; n++) {
      term++
      await clock.advance(100)
    }
    expect([times(), asked()]).toEqual([[0, 6_000, 7_000, 8_000, 9_000], 10])
  })

  test('asks once a second, however many watch, and however often they come and go; then not at all', async () => {
    const watches = Array.from({ length: 100 }, (_, at) => watch(`w${at}`))
    await clock.advance(2_500)
    expect([asked(), sent.length]).toEqual([3, 100])
    term++
    await clock.advance(1_000)
    expect([asked(), sent.length, new Set(times()).size]).toEqual([4, 200, 2])
    for (const one of watches) answers.remove(one)
    for (let n = 0; n < 1_000; n++) {
      const passing = watch('passing')
      await clock.advance(5)
      answers.remove(passing)
    }
    expect(sent.filter(({ id }) => id === 'passing')).toHaveLength(1_000)
    expect(asked()).toBeLessThanOrEqual(10)
    await clock.advance(1_000)
    const before = asked()
    await clock.advance(60_000)
    expect([asked(), answers.size]).toEqual([before, 0])
  })

  test('skips states while its client does not read, and then tells the newest only', async () => {
    watch('w')
    await clock.advance(0)
    slow.add('w')
    for (let n = 0; n < 5; n++) {
      term++
      await clock.advance(1_000)
    }
    // Nobody reads: nobody is asked.
    expect([terms(), asked()]).toEqual([[7], 1])
    slow.clear()
    await clock.advance(1_000)
    expect([terms(), asked()]).toEqual([[7, 12], 2])
  })

  test('a slow client holds up no other', async () => {
    watch('quick')
    watch('w')
    slow.add('w')
    await clock.advance(0)
    term++
    await clock.advance(1_000)
    expect(sent.map(({ id, group }) => [id, group?.term])).toEqual([
      ['quick', 7],
      ['quick', 8],
    ])
  })

  test('is not told again what it has been told, though it has skipped what was in between', async () => {
    watch('w')
    watch('quick')
    await clock.advance(0)
    slow.add('w')
    term++
    await clock.advance(1_000)
    slow.clear()
    term--
    await clock.advance(1_000)
    expect(sent.map(({ id, group }) => [id, group?.term])).toEqual([
      ['w', 7],
      ['quick', 7],
      ['quick', 8],
      ['quick', 7],
    ])
  })
})

describe('rights', () => {
  test('end it when they are gone, and nobody is asked for it', async () => {
    watch('w')
    await clock.advance(0)
    refusal = new TailraceError('AUTHORIZATION_FAILED')
    term++
    await clock.advance(1_000)
    expect([terms(), failures, asked()]).toEqual([[7], [refusal], 1])
  })

  test('a session that is over is told nothing, and nobody is asked', async () => {
    watch('w')
    await clock.advance(0)
    problem = new TailraceError('AUTHENTICATION_REQUIRED')
    term++
    await clock.advance(3_000)
    expect([terms(), failures, asked()]).toEqual([[7], [], 1])
  })
})

describe('a broker that must answer and does not', () => {
  test('leaves the last state, with the error; what is gone leaves none', async () => {
    watch('w')
    await clock.advance(0)
    admin.failures.push('LEADER_UNAVAILABLE')
    await clock.advance(1_000)
    expect(sent.at(-1)).toMatchObject({ group: { term: 7 }, error: { code: 'LEADER_UNAVAILABLE', retriable: true } })
    await clock.advance(1_000)
    expect(sent.at(-1)).toMatchObject({ group: { term: 7 }, error: null })
    admin.failures.push('UNKNOWN_TOPIC')
    await clock.advance(1_000)
    expect(sent.at(-1)).toMatchObject({ group: null, error: { code: 'UNKNOWN_TOPIC' } })
    expect(logged).toEqual([])
  })

  test('a mistake of the broker is logged, and its text is told to nobody', async () => {
    admin.describeGroup = () => Promise.reject(new TypeError('a path of this machine'))
    watch('w')
    await clock.advance(0)
    expect(sent).toMatchObject([{ group: null, error: { code: 'INTERNAL' } }])
    expect([JSON.stringify(sent).includes('a path'), logged.length]).toEqual([false, 1])
  })

  test('is asked by one request at a time, and holds up no other subject', async () => {
    const late = Promise.withResolvers<void>()
    const { describeGroup } = admin
    admin.describeGroup = async (target) => {
      const answer = await describeGroup.call(admin, target)
      if (target.kind === 'partition' && target.partition === 1) await late.promise
      return answer
    }
    watch('late', ofPartition(1))
    watch('quick')
    await clock.advance(3_500)
    expect(sent.map(({ id }) => id)).toEqual(['quick'])
    expect(asked()).toBe(5)
    late.resolve()
    await settled()
    expect(sent.map(({ id }) => id)).toEqual(['quick', 'late'])
    // The next time a second after the answer.
    await clock.advance(999)
    expect(asked()).toBe(6)
    await clock.advance(1)
    expect(asked()).toBe(7)
  })
})

test('the age of reports of cascade brokers is no change, and a broker without cascade says so', async () => {
  const report = { broker: 101, source: 1, lagRecords: 0, assigned: 1 }
  let [ageMs, lagRecords] = [0, 0]
  const cascade = { status: async () => ({ brokers: [{ ...report, lagRecords, ageMs: ageMs++ }] }) } as never
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  answers = new SharedAnswers({ admin, cascade }, clock, log)
  watch('c', subjectOf({ of: 'cascade' }))
  await clock.advance(3_000)
  expect(sent).toEqual([{ op: 'state', id: 'c', at: started, cascade: { brokers: [report] }, error: null }])
  lagRecords = 5
  await clock.advance(1_000)
  expect(sent.at(-1)).toMatchObject({ cascade: { brokers: [{ broker: 101, lagRecords: 5 }] } })
  answers.close()
  answers = new SharedAnswers({ admin }, clock, log)
  watch('c', subjectOf({ of: 'cascade' }))
  await clock.advance(0)
  expect(sent.at(-1)).toMatchObject({ cascade: null, error: { code: 'UNSUPPORTED_MESSAGE' } })
})

test('stages are told when they have counted more, and a broker that measures none says so', async () => {
  let count = 0
  const stages = async () => ({ bounds: [0.1], stages: [{ of: 'read', stage: 'log', counts: [0, count] }] })
  const log = { info: () => {}, warn: () => {}, error: () => {} }
  answers = new SharedAnswers({ admin, stages }, clock, log)
  watch('s', subjectOf({ of: 'stages' }))
  await clock.advance(3_000)
  count = 5
  await clock.advance(1_000)
  expect(sent).toEqual([
    { op: 'state', id: 's', at: started, stages: expect.anything(), error: null },
    { op: 'state', id: 's', at: started + 4_000, stages: await stages(), error: null },
  ])
  answers.close()
  answers = new SharedAnswers({ admin }, clock, log)
  watch('s', subjectOf({ of: 'stages' }))
  await clock.advance(0)
  expect(sent.at(-1)).toMatchObject({ stages: null, error: { code: 'UNSUPPORTED_MESSAGE' } })
})

test('nothing is asked once it is closed', async () => {
  watch('w')
  await clock.advance(0)
  answers.close()
  await clock.advance(60_000)
  expect([asked(), answers.size]).toEqual([1, 0])
})
