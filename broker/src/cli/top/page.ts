import { printable } from '../../platform/printable.ts'
import { sizeText } from '../quantity.ts'
import { type Column, table } from '../table.ts'
import type { BrokerFigures, Figures, TopicFigures } from './figures.ts'
import type { TopicOrder, View } from './view.ts'

export interface PageLine {
  readonly text: string
  readonly kind: 'plain' | 'title' | 'problem'
}

export interface Page {
  readonly lines: readonly PageLine[]
  /** Lines for what scrolls, and the furthest scroll: see viewAfter. */
  readonly page: number
  readonly most: number
}

/** Problems that a page names; more are counted. */
const PROBLEMS = 3
/** With fewer lines for topics all that stands below the header scrolls. */
const LEAST_TOPICS = 4

const help = [
  'q, Ctrl-C     quit',
  's             next order of topics: records/s, bytes/s, under-replicated,',
  '              partitions, name',
  'p, space      pause, and go on',
  'up, down      scroll by a line (also k, j)',
  'PgUp, PgDn    scroll by a page; Home and End to the ends',
  'h, ?          this help, and back',
  '',
  'CPU   percent of one core',
  'IN    what publishers send to a broker; of a topic, by how much the logs of',
  '      its leaders grow; of a cascade broker, what it copies',
  'OUT   what readers take from a broker',
  'LAG   entries that a broker has not acknowledged; of a cascade broker,',
  '      records behind its source',
]

/** The screen of `width` columns and `height` lines. `error`: why there are no newer figures; empty: there are. */
export function screenPage(figures: Figures, view: View, width: number, height: number, error = ''): Page {
  const footer = plain(`q quit  s sort (${view.order})  p ${view.paused ? 'go on' : 'pause'}  h help  arrows scroll`)
  const head = header(figures, error, view.paused)
  const above = view.help ? [] : [...brokerLines(figures, width), ...cascadeLines(figures, width)]
  const [topicTitle, ...topicRows] = view.help ? [] : topicLines(figures.topics, view.order, width)
  const room = Math.max(0, height - 1)
  const fixed = topicTitle === undefined ? head : [...head, ...above, topicTitle]
  const fits = fixed.length + LEAST_TOPICS <= room || fixed.length + topicRows.length <= room
  const still = topicTitle === undefined || !fits ? head : fixed
  const moving = topicTitle === undefined ? help.map(plain) : fits ? topicRows : [...above, topicTitle, ...topicRows]
  const page = Math.max(0, room - still.length)
  const most = Math.max(0, moving.length - page)
  const from = Math.min(view.scroll, most)
  const shown = [...still, ...moving.slice(from, from + page)].slice(0, room)
  const filled = [...shown, ...Array<PageLine>(room - shown.length).fill(plain('')), footer].slice(-height)
  return { lines: filled.map(({ text, kind }) => ({ kind, text: text.slice(0, width) })), page, most }
}

/** The whole page as text; `width`: see table. */
export function textPage(figures: Figures, order: TopicOrder, width: number): string {
  const lines = [
    ...header(figures, '', false),
    ...brokerLines(figures, width),
    ...cascadeLines(figures, width),
    ...topicLines(figures.topics, order, width),
  ]
  return lines.map(({ text }) => text.trimEnd()).join('\n')
}

function header(figures: Figures, error: string, paused: boolean): PageLine[] {
  const { at, clusterId, metadataLeader, featureLevel, rates, brokers, topics, findings } = figures
  const alive = brokers.filter((broker) => broker.alive).length
  const time = new Date(at).toISOString().slice(11, 19)
  const level = featureLevel === null ? '' : `  feature level ${featureLevel}`
  const leader = metadataLeader === 0 ? 'no metadata leader' : `metadata leader ${metadataLeader}`
  const problems = findings.filter(({ severity }) => severity === 'problem')
  const state = problems.length === 0 ? 'nothing is wrong' : `${problems.length} not well`
  return [
    plain(`tailrace top  ${time} UTC${paused ? '  paused' : ''}  cluster ${clusterId}`),
    plain(`brokers ${alive} of ${brokers.length} alive  ${leader}${level}  topics ${topics.length}  ${state}`),
    plain(
      `in ${amount(rates.recordsIn)} records/s, ${bytes(rates.bytesIn)}/s  out ${amount(rates.recordsOut)} records/s, ${bytes(rates.bytesOut)}/s`,
    ),
    ...(error === '' ? [] : [bad(`no newer figures: ${error}`)]),
    ...problems.slice(0, PROBLEMS).map(({ problem }) => bad(`! ${problem}`)),
    ...(problems.length > PROBLEMS ? [bad(`! and ${problems.length - PROBLEMS} more: see "tailrace doctor"`)] : []),
    plain(''),
  ]
}

type Columns<Row> = readonly Column<Row>[]

const name: Columns<BrokerFigures> = [
  { title: 'BROKER', of: ({ id }) => id, right: true },
  { title: 'STATE', of: ({ alive, problem }) => (!alive ? 'not alive' : problem === '' ? 'alive' : 'no answer') },
]
const usage: Columns<BrokerFigures> = [
  { title: 'CPU', of: ({ cpu }) => (cpu === null ? '' : `${Math.round(cpu)} %`), right: true },
  { title: 'MEMORY', of: ({ memoryBytes }) => known(memoryBytes, sizeText), right: true },
  { title: 'FREE', of: ({ freeBytes }) => known(freeBytes, sizeText), right: true },
  { title: 'CONN', of: ({ connections }) => connections ?? '', right: true },
]
const taken: Columns<BrokerFigures> = [
  { title: 'OUT REC/S', of: ({ recordsOut }) => known(recordsOut, amount), right: true },
  { title: 'OUT B/S', of: ({ bytesOut }) => known(bytesOut, bytes), right: true },
]

// A narrow terminal cuts lines at the right: what tells that something is wrong comes first.
const ofBrokers: Columns<BrokerFigures> = [
  ...name,
  { title: 'LAG', of: ({ lag }) => lag ?? '', right: true },
  ...usage,
  { title: 'LEADS', of: ({ leaders }) => leaders ?? '', right: true },
  { title: 'IN REC/S', of: ({ recordsIn }) => known(recordsIn, amount), right: true },
  { title: 'IN B/S', of: ({ bytesIn }) => known(bytesIn, bytes), right: true },
  ...taken,
]
const ofCascades: Columns<BrokerFigures> = [
  { ...name[0]!, title: 'CASCADE' },
  name[1]!,
  { title: 'LEVEL', of: ({ level }) => level, right: true },
  { title: 'SOURCE', of: ({ cascade }) => cascade?.source || 'none', right: true },
  { title: 'LAG', of: ({ lag }) => lag ?? '', right: true },
  { title: 'LAG B', of: ({ cascade }) => known(cascade?.lagBytes ?? null, bytes), right: true },
  { title: 'LAG S', of: ({ cascade }) => known(cascade?.lagSeconds ?? null, amount), right: true },
  ...usage,
  { title: 'IN B/S', of: ({ cascade }) => known(cascade?.copiedBytes ?? null, bytes), right: true },
  ...taken,
]
const ofTopics: Columns<TopicFigures> = [
  { title: 'TOPIC', of: (topic) => topic.name },
  { title: 'PARTITIONS', of: ({ partitions }) => partitions, right: true },
  { title: 'REPLICAS', of: ({ replicas }) => replicas, right: true },
  { title: 'IN REC/S', of: ({ recordsIn }) => known(recordsIn, amount), right: true },
  { title: 'IN B/S', of: ({ bytesIn }) => known(bytesIn, bytes), right: true },
  { title: 'UNDER-REPL', of: ({ underReplicated }) => underReplicated ?? '', right: true },
  { title: 'NO LEADER', of: ({ leaderless }) => leaderless ?? '', right: true },
]

function brokerLines({ brokers }: Figures, width: number): PageLine[] {
  const own = brokers.filter(({ cascade }) => cascade === null)
  return [...rows(own, ofBrokers, ({ problem }) => problem !== '', width), plain('')]
}

function cascadeLines({ brokers }: Figures, width: number): PageLine[] {
  const own = brokers.filter(({ cascade }) => cascade !== null)
  return own.length === 0 ? [] : [...rows(own, ofCascades, ({ problem }) => problem !== '', width), plain('')]
}

/** Larger ones first. */
const orders: Readonly<Record<TopicOrder, (topic: TopicFigures) => number>> = {
  records: ({ recordsIn }) => recordsIn ?? -1,
  bytes: ({ bytesIn }) => bytesIn ?? -1,
  'under-replicated': ({ underReplicated, leaderless }) => (underReplicated ?? 0) + (leaderless ?? 0),
  partitions: ({ partitions }) => partitions,
  name: () => 0,
}

export function topicsInOrder(topics: readonly TopicFigures[], order: TopicOrder): TopicFigures[] {
  const of = orders[order]
  return [...topics].sort((a, b) => of(b) - of(a) || a.name.localeCompare(b.name))
}

function topicLines(topics: readonly TopicFigures[], order: TopicOrder, width: number): PageLine[] {
  const isBad = ({ underReplicated, leaderless }: TopicFigures) => (underReplicated ?? 0) + (leaderless ?? 0) > 0
  return rows(topicsInOrder(topics, order), ofTopics, isBad, width)
}

function rows<Row>(
  all: readonly Row[],
  columns: Columns<Row>,
  isBad: (row: Row) => boolean,
  width: number,
): PageLine[] {
  const [title, ...lines] = table(all, columns, width).split('\n')
  return [{ text: title!, kind: 'title' }, ...lines.map((text, at) => (isBad(all[at]!) ? bad(text) : plain(text)))]
}

function known(value: number | null, text: (value: number) => string): string {
  return value === null ? '' : text(value)
}

function amount(value: number | null): string {
  return value === null ? '?' : value < 10 && value % 1 !== 0 ? value.toFixed(1) : String(Math.round(value))
}

function bytes(value: number | null): string {
  return value === null ? '?' : sizeText(Math.round(value))
}

function plain(text: string): PageLine {
  return { text: printable(text), kind: 'plain' }
}

function bad(text: string): PageLine {
  return { text: printable(text), kind: 'problem' }
}
