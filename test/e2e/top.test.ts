import { Producer } from '@tailrace/producer'
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import { skipped } from '../runner/skipped.ts'
import { CascadeProcesses } from './cascade-processes.ts'
import { ClusterProcesses } from './cluster-processes.ts'
import { tailrace } from './command-line.ts'
import { hasPseudoTerminal, TerminalProcess } from './terminal-process.ts'

/** `tailrace top` at three brokers and a cascade broker, to which records are published all the time. */
let cluster: ClusterProcesses
let cascades: CascadeProcesses
let producer: Producer
let load: Promise<void>
let loading = true
const terminals: TerminalProcess[] = []

beforeAll(async () => {
  cluster = await ClusterProcesses.start()
  cascades = await CascadeProcesses.inFolder()
  await cascades.add(101, cluster.http(1))
  await cascades.ready()
  await cluster.request(1, 'POST', '/topics', { name: 'flights', partitions: 2, replicas: 3 })
  for (let n = 0; n < 30; n++) {
    await cluster.request(1, 'POST', '/topics', { name: `idle-${n}`, partitions: 1, replicas: 1 })
  }
  producer = new Producer(cluster.sdk)
  load = publishAll()
})

afterEach(() => {
  for (const terminal of terminals.splice(0)) terminal.close()
})

afterAll(async () => {
  loading = false
  await load
  await producer.close()
  await cascades.destroy()
  await cluster.destroy()
})

async function publishAll(): Promise<void> {
  while (loading) {
    const value = 'x'.repeat(500)
    await Promise.all(Array.from({ length: 50 }, (_, n) => producer.send('flights', { key: String(n), value })))
  }
}

const server = (): string => cluster.ids.map((id) => cluster.http(id)).join(',')

function openTop(columns = 130, rows = 30): TerminalProcess {
  const terminal = new TerminalProcess(['top', '-s', server()], columns, rows)
  terminals.push(terminal)
  return terminal
}

/** The cursor is shown, and the screen is that of before. */
const RESTORED = '\x1b[?25h\x1b[?1049l'
const busy = /^flights +2 +3 +[1-9]\d* +[\d.]+ [KM]B +0 +0$/
const line = ({ page }: TerminalProcess, pattern: RegExp): string => page.find((text) => pattern.test(text)) ?? ''

describe('without a terminal', () => {
  it('prints one page, or one object, with rates', async () => {
    const { code, out } = await tailrace(['top', '-s', server()])
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(busy.source, 'm'))
    expect(out).toMatch(/^ +101 {2}alive +1 +[123] /m)
    const found = JSON.parse((await tailrace(['top', '--json', '-s', server()])).out)
    expect(found.brokers.map(({ id, alive }: { id: number; alive: boolean }) => [id, alive])).toEqual([
      [1, true],
      [2, true],
      [3, true],
      [101, true],
    ])
    const flights = found.topics.find(({ name }: { name: string }) => name === 'flights')
    // What publishers have sent is what the logs of leaders have grown by, but for the headers of batches.
    expect(flights.recordsIn).toBeGreaterThan(0)
    expect(flights.bytesIn).toBeGreaterThan(500 * 0.5 * flights.recordsIn)
    for (const { cpu, memoryBytes, freeBytes } of found.brokers) {
      expect([cpu >= 0, memoryBytes > 1e7, freeBytes > 0]).toEqual([true, true, true])
    }
  })
})

const isMissing = process.platform === 'win32' || !hasPseudoTerminal()
const noTerminal = skipped(isMissing, 'tailrace top in a pseudo terminal: there is no script of util-linux here.')
describe.skipIf(noTerminal)('in a terminal', () => {
  it('shows the load, takes keys, follows the size, and restores the screen at q', async () => {
    const top = openTop()
    await vi.waitFor(() => expect(line(top, /^flights/)).toMatch(busy), 20_000)
    expect(top.page).toHaveLength(30)
    expect(line(top, /^brokers/)).toContain('brokers 4 of 4 alive')
    expect(line(top, /^ +101 {2}/)).toMatch(/^ +101 {2}alive +1 +[123] /)
    top.type('s')
    await vi.waitFor(() => expect(top.page.at(-1)).toContain('sort (bytes)'), 5_000)
    top.type('\x1b[F')
    await vi.waitFor(() => expect(line(top, /^idle-9/)).not.toBe(''), 5_000)
    expect(line(top, /^flights/)).toBe('')
    top.type('p')
    await vi.waitFor(() => expect(top.page[0]).toContain('paused'), 5_000)
    top.resize(60, 12)
    await vi.waitFor(() => expect(top.page).toHaveLength(12), 5_000)
    expect(Math.max(...top.page.map((text) => text.length))).toBeLessThanOrEqual(60)
    top.type('h')
    await vi.waitFor(() => expect(top.page.join('\n')).toContain('q, Ctrl-C'), 5_000)
    top.type('q')
    expect(await top.finished).toBe(0)
    expect(top.out.slice(-RESTORED.length)).toBe(RESTORED)
  })

  it.each(['SIGTERM', 'SIGHUP', '\x03'])('restores the screen at %j', async (ending) => {
    const top = openTop()
    await vi.waitFor(() => expect(top.page.length).toBe(30), 20_000)
    if (ending === '\x03') top.type(ending)
    else top.signal(ending as NodeJS.Signals)
    expect(await top.finished).toBe(0)
    expect(top.out.slice(-RESTORED.length)).toBe(RESTORED)
  })

  it('shows a broker that stands still as such, and goes on', async () => {
    const top = openTop()
    await vi.waitFor(() => expect(line(top, /^flights/)).toMatch(busy), 20_000)
    // The one that is named first, and that all else was asked of.
    cluster.pause(1)
    try {
      await vi.waitFor(() => expect(line(top, /^ +1 {2}/)).toMatch(/^ +1 {2}(no answer|not alive)/), 20_000)
      top.type('s')
      await vi.waitFor(() => expect(top.page.at(-1)).toContain('sort (bytes)'), 1_000)
      await vi.waitFor(() => expect(line(top, /^flights/)).toMatch(/^flights +2 +3 +[1-9]/), 30_000)
      expect(line(top, /^! /)).toMatch(/broker 1 (is not alive|cannot be asked)/)
    } finally {
      cluster.resume(1)
    }
    await vi.waitFor(() => expect(line(top, /^ +1 {2}/)).toMatch(/^ +1 {2}alive/), 20_000)
    top.type('q')
    expect(await top.finished).toBe(0)
  })
})
