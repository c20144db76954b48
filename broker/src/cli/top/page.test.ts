import { expect, test } from 'vitest'
import { note, problem } from '../health/doctor-findings.ts'
import type { BrokerFigures, Figures, TopicFigures } from './figures.ts'
import { screenPage, textPage, topicsInOrder } from './page.ts'
import type { View } from './view.ts'

const rates = { recordsIn: 1500, recordsOut: 2.5, bytesIn: 150_000, bytesOut: 250 }

function broker(id: number, given: Partial<BrokerFigures> = {}): BrokerFigures {
  const usage = { cpu: 51.4, memoryBytes: 2e8, connections: 4, leaders: 2, freeBytes: 5e9, lag: 0, cascade: null }
  return { id, http: `h${id}`, level: 0, alive: true, problem: '', ...rates, ...usage, ...given }
}

function topic(name: string, given: Partial<TopicFigures> = {}): TopicFigures {
  const state = { underReplicated: 0, leaderless: 0, recordsIn: 10, bytesIn: 100 }
  return { name, partitions: 2, replicas: 3, ...state, ...given }
}

function figures(given: Partial<Figures> = {}): Figures {
  return {
    at: Date.UTC(2026, 0, 2, 3, 4, 5),
    clusterId: 'c1',
    metadataLeader: 1,
    featureLevel: 3,
    rates,
    brokers: [broker(1), broker(2)],
    topics: [topic('a'), topic('b')],
    findings: [],
    ...given,
  }
}

const view: View = { order: 'records', paused: false, help: false, scroll: 0 }
const many = Array.from({ length: 50 }, (_, n) => topic(`t${String(n).padStart(2, '0')}`))
const textsOf = ({ lines }: ReturnType<typeof screenPage>): string[] => lines.map(({ text }) => text)

test('the page shows the cluster, its brokers and its topics', () => {
  expect(textPage(figures(), 'records', 200).split('\n')).toEqual([
    'tailrace top  03:04:05 UTC  cluster c1',
    'brokers 2 of 2 alive  metadata leader 1  feature level 3  topics 2  nothing is wrong',
    'in 1500 records/s, 150.0 KB/s  out 2.5 records/s, 250 B/s',
    '',
    'BROKER  STATE  LAG   CPU    MEMORY    FREE  CONN  LEADS  IN REC/S    IN B/S  OUT REC/S  OUT B/S',
    '     1  alive    0  51 %  200.0 MB  5.0 GB     4      2      1500  150.0 KB        2.5    250 B',
    '     2  alive    0  51 %  200.0 MB  5.0 GB     4      2      1500  150.0 KB        2.5    250 B',
    '',
    'TOPIC  PARTITIONS  REPLICAS  IN REC/S  IN B/S  UNDER-REPL  NO LEADER',
    'a               2         3        10   100 B           0          0',
    'b               2         3        10   100 B           0          0',
  ])
})

test('what is not known is empty, and a broker that does not answer is shown as such', () => {
  const none = { cpu: null, memoryBytes: null, connections: null, leaders: null, freeBytes: null, lag: null }
  const noRates = { recordsIn: null, recordsOut: null, bytesIn: null, bytesOut: null }
  const brokers = [
    broker(1, { ...none, ...noRates, problem: 'it did not answer within 3 s' }),
    broker(2, { ...none, ...noRates, problem: 'the cluster does not hear of it', alive: false }),
  ]
  const text = textPage(figures({ brokers, rates: noRates, metadataLeader: 0, featureLevel: null }), 'records', 200)
  expect(text).toMatch(/^ +1 {2}no answer$/m)
  expect(text).toMatch(/^ +2 {2}not alive$/m)
  expect(text).toContain('brokers 1 of 2 alive  no metadata leader  topics 2')
  expect(text).toContain('in ? records/s, ?/s')
})

test('cascade brokers are in a table of their own, with their source and lag', () => {
  const cascade = { source: 2, lagBytes: 7000, lagSeconds: 0.4, copiedBytes: 3000 }
  const brokers = [
    broker(1),
    broker(101, { level: 1, lag: 70, cascade }),
    broker(102, { cascade: { ...cascade, source: 0 } }),
  ]
  const lines = textPage(figures({ brokers }), 'records', 200).split('\n')
  const at = lines.findIndex((line) => line.startsWith('CASCADE'))
  expect(lines[at]).toMatch(/^CASCADE {2}STATE {2}LEVEL {2}SOURCE {2}LAG {3}LAG B {2}LAG S/)
  expect(lines[at + 1]).toMatch(/^ {4}101 {2}alive +1 +2 +70 +7\.0 KB +0\.4 /)
  expect(lines[at + 2]).toMatch(/^ {4}102 {2}alive +0 +none/)
})

test('problems are named, three of them, and notes are not', () => {
  const problems = [1, 2, 3, 4, 5].map((n) => problem('disk', n, `disk ${n} is full`, 'mend it'))
  const text = textPage(figures({ findings: [...problems, note('x', null, 'a note', '')] }), 'records', 200)
  expect(text).toContain('5 not well')
  expect(text).toContain('! disk 1 is full\n! disk 2 is full\n! disk 3 is full\n! and 2 more: see "tailrace doctor"\n')
  expect(text).not.toContain('a note')
})

test.each([
  [120, 30],
  [80, 24],
  [40, 10],
  [20, 3],
  [1, 1],
])('a screen of %i columns and %i lines is filled, and no line is wider', (width, height) => {
  const problems = [1, 2, 3, 4].map((n) => problem('disk', n, `disk ${n} is full`, ''))
  const texts = textsOf(screenPage(figures({ topics: many, findings: problems }), view, width, height))
  expect(texts).toHaveLength(height)
  for (const text of texts) expect(text.length).toBeLessThanOrEqual(width)
  expect(texts.at(-1)).toBe('q quit  s sort (records)  p pause  h help  arrows scroll'.slice(0, width))
})

test('topics scroll under their titles, as far as the last one', () => {
  const top = screenPage(figures({ topics: many }), view, 120, 20)
  const texts = textsOf(top)
  expect(texts.filter((text) => text.startsWith('t'))).toEqual([
    expect.stringMatching(/^tailrace top/),
    ...Array.from({ length: 10 }, (_, n) => expect.stringMatching(new RegExp(`^t0${n} `))),
  ])
  expect([top.page, top.most]).toEqual([10, 40])
  const last = textsOf(screenPage(figures({ topics: many }), { ...view, scroll: 1000 }, 120, 20))
  expect(last.slice(0, 9)).toEqual(texts.slice(0, 9))
  expect(last.at(-2)).toMatch(/^t49 /)
})

test('where brokers leave no room for topics, all below the header scrolls', () => {
  const brokers = Array.from({ length: 30 }, (_, n) => broker(n + 1))
  const given = figures({ brokers, topics: many })
  const { most } = screenPage(given, view, 120, 20)
  const texts = textsOf(screenPage(given, { ...view, scroll: most }, 120, 20))
  expect(texts[0]).toMatch(/^tailrace top/)
  expect(texts.at(-2)).toMatch(/^t49 /)
})

test('the header says that it is paused, and why there are no newer figures', () => {
  const texts = textsOf(screenPage(figures(), { ...view, paused: true }, 120, 24, 'No broker answers.'))
  expect(texts[0]).toContain('UTC  paused  cluster')
  expect(texts).toContain('no newer figures: No broker answers.')
  expect(texts.at(-1)).toContain('p go on')
})

test('a long name of a topic is shortened, so that its figures are shown', () => {
  const given = figures({ topics: [topic('n'.repeat(200))] })
  const text = textsOf(screenPage(given, view, 80, 24)).find((line) => line.startsWith('n'))
  expect(text).toMatch(/^n+… +2 +3 +10 +100 B +0 +0$/)
})

test('help is in the place of the tables', () => {
  const texts = textsOf(screenPage(figures(), { ...view, help: true }, 120, 24))
  expect(texts.join('\n')).toMatch(/q, Ctrl-C +quit/)
  expect(texts.join('\n')).not.toContain('BROKER')
})

test('no text of a broker reaches the terminal as a control sequence', () => {
  const findings = [problem('unreachable', 1, 'it answered \x1b]0;x\x07 \x9b2J', '')]
  const { lines } = screenPage(figures({ findings }), view, 120, 24)
  expect(lines.find(({ kind }) => kind === 'problem')!.text).toBe('! it answered \\u001b]0;x\\u0007 \\u009b2J')
})

test('topics are ordered by what is chosen, and by name where that is equal', () => {
  const topics = [
    topic('c', { recordsIn: 1, bytesIn: 900, partitions: 1 }),
    topic('b', { recordsIn: null, bytesIn: null, underReplicated: 1 }),
    topic('a', { recordsIn: 5, bytesIn: 10, partitions: 9 }),
  ]
  const names = (order: View['order']) => topicsInOrder(topics, order).map(({ name }) => name)
  expect(names('records')).toEqual(['a', 'c', 'b'])
  expect(names('bytes')).toEqual(['c', 'a', 'b'])
  expect(names('under-replicated')).toEqual(['b', 'a', 'c'])
  expect(names('partitions')).toEqual(['a', 'b', 'c'])
  expect(names('name')).toEqual(['a', 'b', 'c'])
})
