import { TailraceError } from '@tailrace/schemas'
import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import type { AppendToStream, CreateStream, ForkPoint, StreamRequest } from '../../api/streams-api.ts'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { messagesOf } from '../state/json-messages.ts'
import { ManualPartition } from '../testing/manual-partition.ts'

const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)

let partition: ManualPartition
beforeEach(async () => {
  partition = await ManualPartition.open(new ManualClock())
})

/** What is answered, or the code of the error. Time passes by `ms` at most. */
async function ask(request: StreamRequest, body = '', ms = 0): Promise<Record<string, unknown> | string> {
  let answer: Record<string, unknown> | string | null = null
  partition.ask(request, encode(body)).then(
    ({ result, body }) => (answer = request.kind === 'read' ? { ...result, text: decode(body) } : { ...result }),
    (error) => (answer = TailraceError.from(error).code),
  )
  await partition.clock.advance(ms)
  for (let turn = 0; answer === null && turn < 100; turn++) await partition.clock.advance(0)
  return answer ?? 'no answer'
}

const none = { ttl: -1, expiresAt: -1 }
const create = (path: string, more: Partial<CreateStream> = {}): CreateStream => ({
  kind: 'create',
  path,
  type: 'text/plain',
  ...none,
  closed: false,
  fork: null,
  mark: '',
  ...more,
})
const append = (path: string, more: Partial<AppendToStream> = {}): AppendToStream => ({
  kind: 'append',
  path,
  type: 'text/plain',
  close: false,
  seq: null,
  producer: null,
  ...more,
})
const read = (path: string, offset = -1) => ({ kind: 'read', path, id: '', offset, upTo: -1, maxBytes: 100 }) as const
const head = (path: string) => ({ kind: 'head', path }) as const
const remove = (path: string) => ({ kind: 'delete', path }) as const
const forkOf = (source: string, offset = -1, sub = 0): { fork: ForkPoint } => ({ fork: { source, offset, sub } })
const textOf = async (path: string) => ((await ask(read(path))) as { text: string }).text

describe('appends', () => {
  it('of one turn are one entry, in their order, each with its own end', async () => {
    await ask(create('a'))
    const entries = partition.log.length
    const ends = ['one ', 'two ', 'three'].map((text) => partition.ask(append('a'), encode(text)))
    await partition.clock.advance(0)
    expect((await Promise.all(ends)).map(({ result }) => result)).toMatchObject([
      { tail: 4 },
      { tail: 8 },
      { tail: 13 },
    ])
    expect(partition.log.length).toBe(entries + 1)
    expect(await textOf('a')).toBe('one two three')
    expect(partition.counts).toMatchObject({ created: 1, appends: 3, appendedBytes: 13 })
  })

  it('wait while the state store has too little of what this broker has applied, of any partition', async () => {
    await ask(create('a'))
    let release = (): void => {}
    partition.store.gate = new Promise((resolve) => {
      release = resolve
    })
    expect(await ask(append('a'), 'x')).toMatchObject({ tail: 1 })
    partition.unwrittenElsewhere = 2 ** 25
    const waiting = partition.ask(append('a'), encode('y'))
    await partition.clock.advance(1_000)
    const entries = partition.log.length
    release()
    await partition.clock.advance(0)
    expect((await waiting).result).toMatchObject({ tail: 2 })
    expect(partition.log.length).toBe(entries + 1)
  })

  it('are not answered, and not shown, before they are committed', async () => {
    await ask(create('a'))
    partition.isHeld = true
    expect(await ask(append('a'), 'x')).toBe('no answer')
    expect(await ask(read('a'))).toMatchObject({ text: '', tail: 0 })
    partition.commit()
    expect(await ask(read('a'))).toMatchObject({ text: 'x', tail: 1 })
  })

  it('are of unknown outcome for a leader that is none any more, and found by the next one', async () => {
    await ask(create('a'))
    partition.isHeld = true
    const producer = { id: 'p', epoch: 0, seq: 0 }
    const open = ask(append('a', { producer }), 'x')
    await partition.clock.advance(0)
    partition.lead()
    partition.isHeld = false
    expect(await open).toBe('OUTCOME_UNKNOWN')
    expect(await ask(append('a', { producer }), 'x')).toMatchObject({ duplicate: true, tail: 1 })
    expect(await textOf('a')).toBe('x')
  })

  it('are judged the same by a broker that starts from its log alone', async () => {
    await ask(create('a'))
    await ask(append('a', { producer: { id: 'p', epoch: 3, seq: 0 }, seq: '05', close: true }), 'end')
    await partition.restart(new MemoryStore())
    expect(await ask(append('a', { producer: { id: 'p', epoch: 3, seq: 0 }, close: true }), 'end')).toMatchObject({
      duplicate: true,
      closed: true,
    })
    expect(await ask(append('a', { producer: { id: 'p', epoch: 2, seq: 9 } }), 'x')).toMatchObject({
      reason: 'fenced',
      epoch: 3,
    })
    expect(await ask(append('a', { producer: { id: 'p', epoch: 3, seq: 1 } }), 'x')).toMatchObject({ reason: 'closed' })
  })

  it('more than one entry may have are refused alone', async () => {
    await ask(create('a'))
    const large = 'x'.repeat(600_000)
    const answers = ['s', large, 't'].map((text) => partition.ask(append('a'), encode(text)))
    await partition.clock.advance(0)
    const tails = (await Promise.all(answers)).map(({ result }) => (result as { tail: number }).tail)
    expect(tails).toEqual([1, 600_001, 600_002])
  })
})

it('a creation that is repeated for want of an answer is answered as the first', async () => {
  const asked = create('a', { mark: 'm.0' })
  partition.isHeld = true
  const open = ask(asked, 'x')
  await partition.clock.advance(0)
  partition.lead()
  partition.isHeld = false
  expect(await open).toBe('OUTCOME_UNKNOWN')
  expect(await ask(asked, 'x')).toMatchObject({ isNew: true, tail: 1 })
  expect(await ask({ ...asked, mark: 'm.1' }, 'x')).toMatchObject({ isNew: false, tail: 1 })
})

describe('a lifetime', () => {
  it('ends so long after the last append or read, and a look at the stream is neither', async () => {
    await ask(create('a', { ttl: 10 }))
    await partition.clock.advance(9_000)
    await ask(read('a'), '', 9_000)
    await ask(append('a'), 'x', 9_000)
    expect(await ask(head('a'))).toMatchObject({ ttl: 10, tail: 1 })
    await partition.clock.advance(1_000)
    expect(await ask(head('a'))).toBe('UNKNOWN_STREAM')
    expect(partition.counts.removed).toBe(1)
  })

  it('ends without anybody who asks: nothing of the stream is left', async () => {
    await ask(create('a', { expiresAt: 5_000 }), 'text')
    await partition.clock.advance(6_000)
    await partition.clock.advance(0)
    const left = [...partition.store.content.keys()].filter((key) => !/\/(head|format)$/.test(key))
    expect(left).toEqual([])
  })

  it('is whole again for a new leader, which does not know of the reads before', async () => {
    await ask(create('a', { ttl: 10 }))
    await partition.clock.advance(8_000)
    partition.lead()
    await partition.clock.advance(8_000)
    expect(await ask(head('a'))).toMatchObject({ kind: 'described' })
    await partition.clock.advance(3_000)
    expect(await ask(head('a'))).toBe('UNKNOWN_STREAM')
  })

  it('does not end while somebody waits', async () => {
    await ask(create('a', { ttl: 1 }))
    const { id } = (await ask(head('a'))) as { id: string }
    const waiting = ask({ kind: 'wait', path: 'a', id, offset: 0, waitMs: 5_000 }, '', 5_000)
    expect(await waiting).toEqual({ kind: 'waited' })
    expect(await ask(head('a'))).toMatchObject({ kind: 'described' })
  })

  it('makes room for another stream of the name, of which no reader takes the first for', async () => {
    await ask(create('a', { ttl: 1 }), 'first')
    const { id } = (await ask(head('a'))) as { id: string }
    await partition.clock.advance(2_000)
    expect(await ask(create('a'), 'second')).toMatchObject({ isNew: true })
    expect(((await ask(head('a'))) as { id: string }).id).not.toBe(id)
    expect(await textOf('a')).toBe('second')
  })
})

describe('a reader that waits', () => {
  it('is woken by an append, by the closing and by the deletion, and when the time is up', async () => {
    for (const change of [append('a'), append('a', { close: true }), remove('a')]) {
      await ask(remove('a'))
      await ask(create('a'))
      const { id } = (await ask(head('a'))) as { id: string }
      let woken = false
      void partition.ask({ kind: 'wait', path: 'a', id, offset: 0, waitMs: 60_000 }).then(() => (woken = true))
      await partition.clock.advance(59_000)
      expect(woken).toBe(false)
      await ask(change, change.kind === 'append' && !change.close ? 'x' : '')
      await partition.clock.advance(0)
      expect(woken).toBe(true)
    }
  })
})

describe('a fork', () => {
  beforeEach(async () => {
    await ask(create('a'), 'hello')
    await ask(append('a'), ' world')
  })

  it('begins where it says, reads its source, and goes its own way', async () => {
    expect(await ask(create('b', forkOf('a', 5)), '!')).toMatchObject({ isNew: true, tail: 6 })
    expect(await ask(create('c', forkOf('b', 0, 3)))).toMatchObject({ tail: 3 })
    expect(await ask(create('d', forkOf('c', 3)), 'p')).toMatchObject({ tail: 4 })
    await ask(append('a'), ' more')
    expect([await textOf('b'), await textOf('c'), await textOf('d')]).toEqual(['hello!', 'hel', 'help'])
  })

  it.each([
    ['beyond the end', forkOf('a', 12), 'INVALID_REQUEST'],
    ['beyond the append', forkOf('a', 0, 6), 'INVALID_REQUEST'],
    ['of nothing', forkOf('x'), 'UNKNOWN_STREAM'],
    ['of itself', forkOf('b'), 'UNKNOWN_STREAM'],
  ])('%s is refused, and leaves its source as it was', async (_what, fork, code) => {
    expect(await ask(create('b', fork))).toBe(code)
    await ask(remove('a'))
    expect(await ask(head('a'))).toBe('UNKNOWN_STREAM')
  })

  it('of another type is refused, and one whose name is taken', async () => {
    expect(await ask(create('b', { ...forkOf('a'), type: 'application/json' }))).toMatchObject({ reason: 'type' })
    await ask(create('c'))
    expect(await ask(create('c', forkOf('a')))).toMatchObject({ reason: 'exists' })
    await ask(remove('a'))
    expect(await ask(head('a'))).toBe('UNKNOWN_STREAM')
  })

  it('is found by a second PUT, and has its name from one of two at once', async () => {
    const both = [partition.ask(create('b', forkOf('a'))), partition.ask(create('b', forkOf('a')))]
    await partition.clock.advance(0)
    for (let turn = 0; turn < 20; turn++) await partition.clock.advance(0)
    expect((await Promise.all(both)).map(({ result }) => (result as { isNew: boolean }).isNew).sort()).toEqual([
      false,
      true,
    ])
    // The one that did not come to be has given back its own loan only.
    for (let turn = 0; turn < 20; turn++) await partition.clock.advance(0)
    await ask(remove('a'))
    expect(await ask(head('a'))).toBe('STREAM_DELETED')
    expect(await textOf('b')).toBe('hello world')
    expect(await ask(create('b', forkOf('a')))).toMatchObject({ isNew: false })
    expect(await ask(create('b', forkOf('a', 5)))).toMatchObject({ reason: 'exists' })
    await ask(remove('b'))
    for (let turn = 0; turn < 20; turn++) await partition.clock.advance(0)
    expect(await ask(head('a'))).toBe('UNKNOWN_STREAM')
  })

  it('keeps what it reads of a source that is deleted, up the whole chain, until it is gone, too', async () => {
    await ask(create('b', forkOf('a')))
    await ask(create('c', forkOf('b')), '!')
    await ask(remove('a'))
    await ask(remove('b'))
    for (const path of ['a', 'b']) {
      expect(await ask(head(path))).toBe('STREAM_DELETED')
      expect(await ask(read(path))).toBe('STREAM_DELETED')
      expect(await ask(append(path), 'x')).toBe('STREAM_DELETED')
      expect(await ask(remove(path))).toBe('STREAM_DELETED')
      expect(await ask(create(path))).toMatchObject({ reason: 'exists' })
      expect(await ask(create('d', forkOf(path)))).toMatchObject({ reason: 'source-deleted' })
    }
    expect(await textOf('c')).toBe('hello world!')
    await ask(remove('c'))
    for (let turn = 0; turn < 20; turn++) await partition.clock.advance(0)
    expect(await ask(head('b'))).toBe('UNKNOWN_STREAM')
    expect(await ask(head('a'))).toBe('UNKNOWN_STREAM')
  })

  it('whose end its source was not told of is found gone later', async () => {
    await ask(create('b', forkOf('a')))
    await ask(remove('a'))
    partition.isCutOff = true
    await ask(remove('b'))
    await partition.clock.advance(0)
    expect(partition.lost).toMatchObject([{ kind: 'give-back' }])
    partition.isCutOff = false
    expect(await ask(head('a'))).toBe('STREAM_DELETED')
    await partition.clock.advance(130_000)
    expect(await ask(head('a'))).toBe('UNKNOWN_STREAM')
  })

  it('of JSON begins between two messages', async () => {
    const json = { type: 'application/json' }
    await ask(create('j', json), decode(messagesOf(encode('[1,{"a":[2]},3]'))))
    await ask(create('k', { ...json, ...forkOf('j', 0, 2) }))
    expect(await textOf('k')).toBe('1,{"a":[2]},')
    expect(await ask(create('l', { ...json, ...forkOf('j', 0, 4) }))).toBe('INVALID_REQUEST')
    expect(await ask(read('j', 1))).toBe('INVALID_REQUEST')
    expect(await ask(read('j', 2))).toMatchObject({ text: '{"a":[2]},3,' })
  })

  it('has the lifetime of its source where it names none, and does not keep that alive', async () => {
    await ask(create('s', { ttl: 10 }), 'text')
    await ask(create('t', forkOf('s')))
    await ask(create('u', { ...forkOf('s'), ttl: 100 }))
    expect(await ask(head('t'))).toMatchObject({ ttl: 10 })
    expect(await ask(head('u'))).toMatchObject({ ttl: 100 })
    await ask(read('u'), '', 6_000)
    await ask(read('u'), '', 6_000)
    expect(await ask(head('s'))).toBe('STREAM_DELETED')
    expect(await textOf('u')).toBe('text')
  })
})

it('a thousand streams more than are kept at hand are the same as those that are', async () => {
  for (let number = 0; number < 2000; number += 100) {
    const batch = Array.from({ length: 100 }, (_, at) =>
      partition.ask(create(`s${number + at}`), encode(`${number + at}`)),
    )
    await partition.clock.advance(0)
    await Promise.all(batch)
  }
  expect(partition.leader.cached).toBeLessThanOrEqual(1100)
  expect([await textOf('s0'), await textOf('s1234'), await textOf('s1999')]).toEqual(['0', '1234', '1999'])
})

describe('against a plain model', () => {
  interface Model {
    text: string
    closed: boolean
    seq: string | null
    readonly producers: Map<string, { epoch: number; seq: number }>
  }

  const paths = fc.constantFrom('a', 'b')
  const producer = fc.option(fc.record({ id: fc.constantFrom('p', 'q'), epoch: fc.nat(2), seq: fc.nat(3) }), {
    nil: null,
  })
  const steps = fc.array(
    fc.oneof(
      fc.record({ do: fc.constant('create' as const), path: paths }),
      fc.record({ do: fc.constant('delete' as const), path: paths }),
      fc.record({
        do: fc.constant('append' as const),
        path: paths,
        text: fc.constantFrom('', 'x', 'yz'),
        close: fc.constantFrom(false, false, false, true),
        seq: fc.option(fc.constantFrom('1', '2', '10'), { nil: null }),
        producer,
      }),
      fc.record({ do: fc.constantFrom('lead' as const, 'restart' as const), path: paths }),
    ),
    { maxLength: 30 },
  )

  /** What the protocol says, written down once more in the plainest way. */
  function appended(
    model: Model,
    {
      text,
      close,
      seq,
      producer,
    }: {
      readonly text: string
      readonly close: boolean
      readonly seq: string | null
      readonly producer: { readonly id: string; readonly epoch: number; readonly seq: number } | null
    },
  ): string {
    const known = producer === null ? undefined : model.producers.get(producer.id)
    if (model.closed) {
      if (producer === null) return close && text === '' ? 'duplicate' : 'closed'
      if (known !== undefined && producer.epoch < known.epoch) return 'fenced'
      return 'closed or duplicate'
    }
    if (producer !== null) {
      const { epoch, seq } = known ?? { epoch: producer.epoch, seq: -1 }
      if (producer.epoch < epoch) return 'fenced'
      if (producer.epoch > epoch && producer.seq > 0) return 'epoch'
      if (producer.epoch === epoch && producer.seq <= seq) return 'duplicate'
      if (producer.epoch === epoch && producer.seq > seq + 1) return 'gap'
    }
    if (seq !== null && model.seq !== null && seq <= model.seq) return 'sequence'
    if (producer !== null) model.producers.set(producer.id, producer)
    model.text += text
    model.closed = close
    model.seq = seq ?? model.seq
    return 'done'
  }

  it('every answer and every byte is as it says, over new leaders and restarts', async () => {
    await fc.assert(
      fc.asyncProperty(steps, async (run) => {
        partition = await ManualPartition.open(new ManualClock())
        const models = new Map<string, Model>()
        for (const step of run) {
          const { path } = step
          const model = models.get(path)
          if (step.do === 'lead') partition.lead()
          else if (step.do === 'restart') await partition.restart(new MemoryStore())
          else if (step.do === 'create') {
            const answer = await ask(create(path))
            if (model === undefined) {
              expect(answer).toMatchObject({ isNew: true })
              models.set(path, { text: '', closed: false, seq: null, producers: new Map() })
            } else expect(answer).toMatchObject(model.closed ? { reason: 'exists' } : { isNew: false })
          } else if (step.do === 'delete') {
            expect(await ask(remove(path))).toEqual(model === undefined ? 'UNKNOWN_STREAM' : { kind: 'deleted' })
            models.delete(path)
          } else if (step.do === 'append') {
            const { text, close, seq, producer } = step
            if (text === '' && !close) continue
            const answer = await ask(append(path, { close, seq, producer }), text)
            if (model === undefined) expect(answer).toBe('UNKNOWN_STREAM')
            else {
              const expected = appended(model, step)
              const { reason, duplicate } = answer as { reason?: string; duplicate?: boolean }
              const told = reason ?? (duplicate ? 'duplicate' : 'done')
              expect(expected.split(' or ')).toContain(told)
            }
          }
        }
        for (const path of ['a', 'b']) {
          const model = models.get(path)
          const found = await ask(read(path))
          if (model === undefined) expect(found).toBe('UNKNOWN_STREAM')
          else expect(found).toMatchObject({ text: model.text, closed: model.closed, tail: model.text.length })
        }
      }),
      { numRuns: 150 },
    )
  })
})
