import { afterEach, expect, test, vi } from 'vitest'
import { runCommandLine } from '../cli.ts'
import { type Answer, type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const page = (records: number): Answer => ({
  text: `tailrace_leaderships 2
tailrace_publish_records_total{transport="http"} ${records}
tailrace_partition_leader{topic="flights",partition="0"} 1
tailrace_partition_high_watermark{topic="flights",partition="0"} ${records}
tailrace_partition_size_bytes{topic="flights",partition="0"} ${records * 100}
`,
})

/** Two brokers, of which the second does not answer. */
async function cluster(): Promise<{ answers: Record<string, Answer | Answer[]>; address: string }> {
  const answers: Record<string, Answer | Answer[]> = { 'GET /metrics': [page(100), page(900)] }
  const [server, gone] = await Promise.all([answeringServer(answers), answeringServer({})])
  servers.push(server)
  await new Promise<void>((resolve) => gone.close(resolve))
  const brokers = [server, gone].map(({ address }, at) => {
    return { id: at + 1, http: address, peer: `p${at + 1}`, level: 0, alive: true, pid: at }
  })
  answers['GET /cluster'] = { body: { clusterId: 'c1', metadataLeader: 1, brokers } }
  answers['GET /topics'] = { body: { topics: [{ name: 'flights', id: 'i', partitions: 1, replicas: 2, config: {} }] } }
  answers['GET /readyz'] = { body: { ready: true, reason: '' } }
  return { answers, address: server.address }
}

test('without a terminal it prints one page, with rates', async () => {
  const { address } = await cluster()
  const terminal = memoryTerminal()
  expect(await runCommandLine(['top', '-s', address], terminal)).toBe(0)
  expect(terminal.text()).toMatch(/^tailrace top .*cluster c1\nbrokers 2 of 2 alive {2}metadata leader 1/)
  expect(terminal.text()).toMatch(/^ +2 {2}no answer$/m)
  expect(terminal.text()).toMatch(/^flights +1 +2 +\d+ +[\d.]+ KB +0 +0$/m)
  expect(terminal.opened.pages).toEqual([])
})

test('with --json it is one object, also in a terminal', async () => {
  const { address } = await cluster()
  const terminal = memoryTerminal({ screen: true })
  expect(await runCommandLine(['top', '--json', '-s', address], terminal)).toBe(0)
  const found = JSON.parse(terminal.text())
  expect(found).toMatchObject({
    clusterId: 'c1',
    brokers: [
      { id: 1, leaders: 2 },
      { id: 2, problem: expect.stringContaining('ECONNREFUSED') },
    ],
    topics: [{ name: 'flights', leaderless: 0 }],
    findings: [{ severity: 'problem', kind: 'unreachable', broker: 2 }],
  })
  expect(found.topics[0].recordsIn).toBeGreaterThan(0)
  expect(found.brokers[0].recordsIn).toBe(found.topics[0].recordsIn)
})

test('in a terminal it draws again and again until q, and shows what was there before', async () => {
  const { address } = await cluster()
  const terminal = memoryTerminal({ screen: true })
  const { opened } = terminal
  const ended = runCommandLine(['top', '--sort', 'name', '-s', address], terminal)
  await vi.waitFor(() => expect(opened.pages.at(-1)).toMatch(/^flights +1 +2 +\d+ +[\d.]+ KB/m), 10_000)
  opened.type('s')
  expect(opened.pages.at(-1)).toContain('sort (records)')
  opened.resize(60, 5)
  expect(opened.pages.at(-1)!.split('\n')).toHaveLength(5)
  opened.type('h')
  opened.type('p')
  expect(opened.pages.at(-1)).toContain('paused')
  opened.type('q')
  expect([await ended, opened.closed]).toEqual([0, true])
  const drawn = opened.pages.length
  opened.resize(80, 24)
  opened.type('s')
  expect([opened.pages.length, terminal.text()]).toEqual([drawn, ''])
})

test('a signal ends it as q does', async () => {
  const { address } = await cluster()
  const terminal = memoryTerminal({ screen: true })
  const ended = runCommandLine(['top', '-s', address], terminal)
  await vi.waitFor(() => expect(terminal.opened.pages.length).toBeGreaterThan(0), 10_000)
  terminal.interrupt('SIGTERM')
  expect([await ended, terminal.opened.closed]).toEqual([0, true])
})

test('a cluster that goes away is told on the page, and a wrong address before the screen is taken', async () => {
  const { answers, address } = await cluster()
  const terminal = memoryTerminal({ screen: true })
  const ended = runCommandLine(['top', '-s', address], terminal)
  await vi.waitFor(() => expect(terminal.opened.pages.length).toBeGreaterThan(0), 10_000)
  const body = { code: 'NOT_READY', message: 'Not yet.', retriable: true, hint: 'wait' }
  answers['GET /cluster'] = { status: 503, body }
  await vi.waitFor(() => expect(terminal.opened.pages.at(-1)).toContain('no newer figures: Not yet.'), 10_000)
  terminal.opened.type('q')
  expect(await ended).toBe(0)
  const other = memoryTerminal({ screen: true })
  expect(await runCommandLine(['top', '-s', address], other)).toBe(1)
  expect([other.opened.pages, other.opened.closed]).toEqual([[], false])
})

test('an error while it draws ends it with the screen restored', async () => {
  const { address } = await cluster()
  const terminal = memoryTerminal({ screen: true })
  const { opened } = terminal
  const ended = runCommandLine(['top', '-s', address], terminal)
  await vi.waitFor(() => expect(opened.pages.length).toBeGreaterThan(0), 10_000)
  opened.draw = () => {
    throw new Error('the terminal is gone')
  }
  opened.type('s')
  expect([await ended, opened.closed]).toEqual([1, true])
  expect(terminal.err.join()).toContain('the terminal is gone')
})
