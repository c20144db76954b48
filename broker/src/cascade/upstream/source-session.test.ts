import { encodeFrame, TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import type { TopicSummary } from '../../api/broker-api.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { beatAnswer, topicsAnswer } from '../testing/scripted-answers.ts'
import { type Answer, type AskedName, ScriptedSource } from '../testing/scripted-source.ts'
import { topicPageFields } from '../wire/cascade-fields.ts'
import type { ToldTables } from './security-pages.ts'
import { mostSilentBeats, type SessionDeps, SourceSession } from './source-session.ts'

const topic = (name: string): TopicSummary => ({ name, id: `id of ${name}`, partitions: 1, replicas: 1, config: {} })
const honest = (name: AskedName): Answer => (name === 'CascadeBeat' ? beatAnswer : topicsAnswer)

/** Cascade broker 101 with one empty copy for each topic that it knows, and its source. */
function tier(answer: (name: AskedName, correlation: number) => Answer = honest) {
  const clock = new ManualClock()
  const source = new ScriptedSource(answer)
  const updates: string[][] = []
  const copy = (id: string) => ({ topic: id, topicId: id, partition: 0, isEmpty: true, removed: false, stopped: '' })
  const copiesOf = new Map<string, object[]>()
  const copies = {
    all: () => [],
    copies: () => true,
    partitionsOf: (id: string) => copiesOf.get(id) ?? [],
    update: async (topics: readonly TopicSummary[]) => {
      updates.push(topics.map(({ name }) => name))
      for (const { id } of topics) if (!copiesOf.has(id)) copiesOf.set(id, [copy(id)])
    },
    forgetMissing: async () => {},
  }
  const silent = { info: () => {}, warn: () => {}, error: () => {} }
  const deps = {
    brokerId: 101,
    clock,
    copies,
    sockets: source,
    logger: silent,
    writable: () => true,
    counts: { batches: 0, bytes: 0, newBeginnings: 0, missedRecords: 0 },
    clusterId: () => '',
    describe: () => ({ clusterId: '', broker: 101, reports: [] }),
  } as unknown as SessionDeps
  const losses: TailraceError[] = []
  const started = async (): Promise<SourceSession> => {
    const session = await SourceSession.open('s:1', deps)
    session.onLost = (error) => losses.push(error)
    await session.start()
    return session
  }
  const pass = (ms: number) => clock.advance(ms)
  return { deps, source, updates, losses, started, pass }
}

describe('one connection to the source', () => {
  it('M88 carries beats, the list of topics and the subscriptions', async () => {
    const topics = topicPageFields({ digest: 'one', version: 3, total: 1, topics: [topic('flights')] })
    const { source, started, pass, losses } = tier((name) =>
      name === 'CascadeBeat' ? { ...beatAnswer, topics: 'one' } : topics,
    )
    const session = await started()
    await pass(2_500)
    const [connection] = source.connections
    expect(source.connections).toHaveLength(1)
    expect(connection!.heard).toEqual(['CascadeBeat', 'CascadeTopics', 'Subscribe', 'CascadeBeat', 'CascadeBeat'])
    session.close()
    expect([connection!.isOpen, losses]).toEqual([false, []])
  })

  it('M88 whose end is the end of the source, at once', async () => {
    const { source, started, losses } = tier()
    await started()
    source.connections[0]!.end('killed')
    expect(losses).toMatchObject([{ code: 'CONNECTION_LOST', message: expect.stringContaining('s:1: killed') }])
  })

  it('M88 whose silence is the end of the source', async () => {
    let answers = true
    const { source, started, losses, pass } = tier((name) => (answers ? honest(name) : null))
    const session = await started()
    await pass(1_500)
    answers = false
    // The last answer came in the first of these beats.
    await pass(1_000 * mostSilentBeats)
    expect(losses).toEqual([])
    await pass(1_000)
    expect(losses).toMatchObject([{ code: 'CONNECTION_LOST', message: expect.stringContaining('silent for 3 s') }])
    expect([source.connections[0]!.isOpen, session.fellSilent]).toEqual([false, true])
  })

  it('M88 is not silent while records come, though an answer is behind them', async () => {
    let answers = true
    const { source, started, losses, pass } = tier((name) => (answers ? honest(name) : null))
    await started()
    answers = false
    const records = encodeFrame('Records', { subscription: 9, partition: 0, nextOffset: 5, highWatermark: 5 })
    for (let second = 0; second < 8; second++) {
      source.connections[0]!.say(records)
      await pass(1_000)
    }
    expect(losses).toEqual([])
    // It still sends beats.
    expect(source.connections[0]!.heard.filter((name) => name === 'CascadeBeat')).toHaveLength(1 + 4)
    // A source that sends records and answers no beat does not know that this broker is there.
    for (let second = 0; second < 4; second++) {
      source.connections[0]!.say(records)
      await pass(1_000)
    }
    expect(losses).toMatchObject([{ code: 'TIMED_OUT' }])
  })

  it('M88 that is lost before the copying begins is no source', async () => {
    const { source, deps } = tier()
    const session = await SourceSession.open('s:1', deps)
    source.connections[0]!.end('killed')
    await expect(session.start()).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
  })

  it('M88 that ends right behind the first answer is no source', async () => {
    const { source, started, losses } = tier((name) => {
      // The answer comes in the next microtask, the end before code that waits for the answer goes on.
      queueMicrotask(() => queueMicrotask(() => source.connections[0]!.end('killed')))
      return honest(name)
    })
    await expect(started()).rejects.toMatchObject({ code: 'CONNECTION_LOST' })
    expect(losses).toEqual([])
  })
})

describe('a source that refuses', () => {
  it('M88 a beat permanently is left at once, and one that asks for patience after three seconds', async () => {
    let refusal: TailraceError | null = null
    const { started, losses, pass } = tier((name) => refusal ?? honest(name))
    await started()
    refusal = new TailraceError('OVERLOADED')
    await pass(3_000)
    expect(losses).toEqual([])
    await pass(1_000)
    expect(losses.map(({ code }) => code)).toEqual(['OVERLOADED'])
    refusal = null
    await started()
    refusal = new TailraceError('CASCADE_CYCLE')
    await pass(1_000)
    expect(losses.map(({ code }) => code)).toEqual(['OVERLOADED', 'CASCADE_CYCLE'])
  })

  it('is distinguished from one of an earlier version, which does not know the message', async () => {
    const { started, source } = tier(() => new TailraceError('UNSUPPORTED_MESSAGE', 'Its number is 80.'))
    await expect(started()).rejects.toMatchObject({
      code: 'INCOMPATIBLE_PEER',
      message: expect.stringMatching(/s:1 takes no beats on its WebSocket. Update it first/),
    })
    expect(source.connections.map(({ isOpen }) => isOpen)).toEqual([false])
  })
})

describe('users, tokens, rules and quotas', () => {
  const { digest } = sampleMessages.CascadeSecurityReply
  /** `known`: by its certificate. */
  async function told(known: boolean, answer: Answer) {
    const taken: ToldTables[] = []
    const own = { digest: '' }
    const one = tier((name) => {
      if (name === 'CascadeSecurity') return answer
      return name === 'CascadeBeat' ? { ...beatAnswer, security: digest } : topicsAnswer
    })
    const take = async (tables: ToldTables) => {
      taken.push(tables)
      own.digest = tables.digest
    }
    const security = {
      take,
      get digest() {
        return own.digest
      },
    }
    Object.assign(one.deps, { security, ...(known && { certified: () => true }) })
    await one.started()
    await one.pass(2_500)
    const asked = one.source.connections[0]!.heard.filter((name) => name === 'CascadeSecurity').length
    return { taken, asked, losses: one.losses }
  }

  it('are asked for by a broker that has a certificate of a cascade broker, until it has them', async () => {
    const { taken, asked } = await told(true, sampleMessages.CascadeSecurityReply)
    expect([asked, taken.map(({ tables: { quotas } }) => quotas!.size)]).toEqual([1, [1]])
    expect(await told(false, sampleMessages.CascadeSecurityReply)).toMatchObject({ asked: 0, taken: [] })
  })

  it('stay as they are where any of them is odd, and the source stays', async () => {
    const { entity } = sampleMessages.CascadeSecurityReply.quotas[0]!
    const odd = { ...sampleMessages.CascadeSecurityReply, quotas: [{ entity, limits: [] }] }
    expect(await told(true, odd)).toEqual({ asked: 3, taken: [], losses: [] })
  })
})

describe('a list of topics', () => {
  const part = (digest: string, total: number, ...names: string[]) =>
    topicPageFields({ digest, version: 3, total, topics: names.map(topic) })

  async function told(parts: Answer[]) {
    const asked: Answer[] = [...parts]
    const one = tier((name) => (name === 'CascadeBeat' ? { ...beatAnswer, topics: 'one' } : (asked.shift() ?? null)))
    const outcome = await one.started().then(
      () => 'started',
      ({ code }) => code as string,
    )
    return { outcome, updates: one.updates, left: asked.length }
  }

  it('comes in parts, and is read again where it changes between two of them', async () => {
    expect(await told([part('one', 3, 'a', 'b'), part('one', 3, 'c')])).toMatchObject({ updates: [['a', 'b', 'c']] })
    const changed = [part('one', 3, 'a', 'b'), part('two', 2, 'c'), part('two', 2, 'a'), part('two', 2, 'b')]
    expect(await told(changed)).toEqual({ outcome: 'started', updates: [['a', 'b']], left: 0 })
  })

  it('that changes again and again waits for the next beat', async () => {
    const parts = Array.from({ length: 10 }, (_, at) => part(`${at}`, 2, 'a'))
    expect(await told(parts)).toEqual({ outcome: 'started', updates: [], left: 0 })
  })

  it.each([
    ['is shorter than it says', [part('one', 3, 'a'), part('one', 3)]],
    ['is longer than it says', [part('one', 2, 'a'), part('one', 2, 'b', 'c')]],
    ['names a topic twice', [part('one', 2, 'a', 'a')]],
  ])('that %s is refused', async (_, parts) => {
    expect(await told(parts)).toMatchObject({ outcome: 'INCOMPATIBLE_PEER', updates: [] })
  })
})
