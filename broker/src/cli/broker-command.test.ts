import { TailraceError } from '@tailrace/schemas'
import { describe, expect, it } from 'vitest'
import { resolveSettings } from '../config/resolve-settings.ts'
import { DiskError } from '../platform/disk.ts'
import { nodeClock } from '../platform/node/clock.ts'
import type { RunningBroker } from '../start/broker.ts'
import type { BrokerCommand } from './broker-command.ts'
import { runBroker } from './broker-command.ts'
import type { StartedMessage } from './supervision.ts'
import { memoryTerminal } from './testing/memory-terminal.ts'

const given = { id: 1, data: 'd', http: '127.0.0.1:81', peer: '127.0.0.1:71', shutdownTimeoutMs: 100 }
const flags = new Map(Object.entries(given).map(([name, value]) => [name as 'id', { value, origin: name }]))
const settings = resolveSettings({ flags, environment: new Map(), file: new Map() })

function command(change: Partial<BrokerCommand> = {}) {
  const terminal = memoryTerminal()
  const told: StartedMessage[] = []
  const exits: number[] = []
  let gone: () => void = () => undefined
  const state = { stops: 0, reloads: 0 }
  const running = { http: settings.http, peer: settings.peer, reload: null, stop: async () => void state.stops++ }
  const supervisor = {
    tell: (message: StartedMessage) => void told.push(message),
    onGone: (call: () => void) => void (gone = call),
  }
  const reloading = { ...running, reload: async () => void state.reloads++ }
  const full: BrokerCommand = {
    settings,
    start: async () => running,
    supervisor,
    clock: nodeClock,
    terminal,
    exit: (code) => void exits.push(code),
    ...change,
  }
  return { full, reloading, terminal, told, exits, state, gone: () => gone() }
}

describe('a broker process', () => {
  it('tells its supervisor where it listens, and stops when the supervisor is gone', async () => {
    const { full, told, state, gone } = command()
    const running = runBroker(full)
    await expect.poll(() => told).toEqual([{ tailrace: 'started', http: '127.0.0.1:81', peer: '127.0.0.1:71' }])
    gone()
    expect(await running).toBe(0)
    expect(state.stops).toBe(1)
  })

  it('stops once, however often it is told to', async () => {
    const { full, terminal, state, gone } = command()
    const running = runBroker(full)
    terminal.interrupt()
    gone()
    expect(await running).toBe(0)
    expect(state.stops).toBe(1)
  })

  it('reads its files anew at SIGHUP, and ends where it has none', async () => {
    const [first, second] = [command(), command()]
    const running = runBroker({ ...first.full, start: async () => first.reloading })
    const ending = runBroker(second.full)
    await expect.poll(() => [first.told.length, second.told.length]).toEqual([1, 1])
    first.terminal.hangUp()
    second.terminal.hangUp()
    expect([await ending, first.state.reloads, first.state.stops]).toEqual([0, 1, 0])
    first.terminal.interrupt()
    expect(await running).toBe(0)
  })

  it('does not end at SIGHUP while it starts, and reads its files anew afterwards', async () => {
    const start = Promise.withResolvers<Omit<RunningBroker, 'api'>>()
    const { full, reloading, terminal, state } = command({
      settings: { ...settings, clusterKeyFile: 'cluster.key' },
      start: () => start.promise,
    })
    const running = runBroker(full)
    terminal.hangUp()
    start.resolve(reloading)
    await expect.poll(() => state.reloads).toBe(1)
    terminal.hangUp()
    expect([state.reloads, state.stops]).toEqual([2, 0])
    terminal.interrupt()
    expect(await running).toBe(0)
  })

  it('ends itself when the stop takes longer than shutdownTimeoutMs', async () => {
    const { full, terminal, exits } = command({
      start: async () => ({ http: '', peer: '', reload: null, stop: () => new Promise(() => undefined) }),
    })
    void runBroker(full)
    terminal.interrupt()
    await expect.poll(() => exits).toEqual([1])
    expect(terminal.err).toEqual(['error: broker 1 did not stop within 100 ms; ending it'])
  })
})

describe('a broker that does not start', () => {
  const listen = (code: string, port: number) =>
    Object.assign(new Error(`listen ${code}: 127.0.0.1:${port}`), { code, port })

  it.each([
    [
      listen('EADDRINUSE', 71),
      '127.0.0.1:71 is in use by another process.\n  Stop it, or choose another port with --peer',
    ],
    [
      listen('EADDRINUSE', 81),
      '127.0.0.1:81 is in use by another process.\n  Stop it, or choose another port with --http',
    ],
    [new TailraceError('INTERNAL', 'x', { cause: listen('EADDRINUSE', 81) }), '127.0.0.1:81 is in use'],
    [listen('EACCES', 81), 'cannot listen on 127.0.0.1:81: this user may not listen there'],
    [listen('EADDRNOTAVAIL', 71), 'this machine has no such address'],
    [new DiskError('locked', 'x'), 'the data folder d is in use by another broker'],
    [new DiskError('failed', 'read-only file system'), 'cannot be used: read-only file system'],
    [new TailraceError('BROKER_IDENTITY_MISMATCH'), 'error BROKER_IDENTITY_MISMATCH'],
    [new Error('oops'), 'broker 1 did not start: Error: oops'],
  ])('%s', async (error, message) => {
    const { full, terminal, told } = command({ start: () => Promise.reject(error) })
    expect(await runBroker(full)).toBe(1)
    expect(terminal.err.join('\n')).toContain(message)
    expect(told).toEqual([])
  })

  it('says why in a JSON line where its log is JSON by setting', async () => {
    for (const [error, expected] of [
      [listen('EADDRINUSE', 81), { code: 'INTERNAL', hint: expect.stringContaining('another port with --http') }],
      [new TailraceError('STORAGE_CORRUPT'), { code: 'STORAGE_CORRUPT', hint: expect.stringMatching(/./) }],
      [
        new Error('oops'),
        { code: 'INTERNAL', message: expect.stringContaining('broker 1 did not start: Error: oops') },
      ],
    ] as const) {
      const { full, terminal } = command({
        settings: { ...settings, logFormat: 'json' },
        start: () => Promise.reject(error),
      })
      expect(await runBroker(full)).toBe(1)
      expect(terminal.err.map((line) => JSON.parse(line))).toEqual([expect.objectContaining(expected)])
    }
  })
})
