import { afterEach, expect, test } from 'vitest'
import type { BrokerBody } from '../admin/answer-shapes.ts'
import { runCommandLine } from '../cli.ts'
import { type Answer, type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { type MemoryTerminal, memoryTerminal } from '../testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

const page = (leaders: number): string => `# HELP tailrace_leaderships Groups that this broker leads.
# TYPE tailrace_leaderships gauge
tailrace_leaderships ${leaders}
tailrace_replicas 3
tailrace_log_disk_used_bytes 33554432
tailrace_log_disk_free_bytes 67100000000
tailrace_partition_series_shown 1
tailrace_partition_size_bytes{topic="b",partition="10"} 4096
tailrace_partition_size_bytes{topic="b",partition="2"} 81
tailrace_partition_size_bytes{topic="a",partition="0"} 5100000
tailrace_partition_leader{topic="b",partition="10"} 1
tailrace_partition_leader{topic="b",partition="2"} 0
tailrace_partition_term{topic="b",partition="10"} 7
tailrace_partition_log_start{topic="b",partition="10"} 5
tailrace_partition_high_watermark{topic="b",partition="10"} 300
tailrace_publish_duration_seconds_bucket{le="1"} 2
`

/** As it is asked where nobody looks at partitions. */
const bare = 'GET /metrics?partitions=false'

/** A cluster of brokers that answer as the pages say; the last one is not reachable. */
async function cluster(...answers: Record<string, Answer>[]): Promise<{ address: string; brokers: BrokerBody[] }> {
  const answering = await Promise.all([...answers, {}].map((each) => answeringServer(each)))
  servers.push(...answering)
  const gone = servers.pop()!
  await new Promise<void>((resolve) => gone.close(resolve))
  const brokers = answering.map(({ address }, at) => {
    return { id: at + 1, http: address, peer: `p${at + 1}`, level: 0, alive: at < answers.length, pid: 70 + at }
  })
  for (const each of answers) each['GET /cluster'] = { body: { clusterId: 'c1', metadataLeader: 1, brokers } }
  return { address: answering[0]!.address, brokers }
}

async function run(...args: string[]) {
  const terminal = memoryTerminal()
  const code = await runCommandLine(args, terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n') }
}

test('broker list shows leaders, replicas and sizes, and nothing of a broker that does not answer', async () => {
  const { address } = await cluster({ [bare]: { text: page(3) } }, { [bare]: { text: page(1) } })
  const { code, out } = await run('broker', 'list', '-s', address)
  expect(code).toBe(0)
  expect(out.split('\n').map((line) => line.replace(/127\.0\.0\.1:\d+ */, 'ADDRESS '))).toEqual([
    expect.stringMatching(/^BROKER {2}HTTP +LEVEL {2}ALIVE {2}LEADERS {2}REPLICAS +SIZE +FREE$/),
    '     1  ADDRESS 0  yes          3         3  33.6 MB  67.1 GB',
    '     2  ADDRESS 0  yes          1         3  33.6 MB  67.1 GB',
    '     3  ADDRESS 0  no',
    '',
  ])
  const json = JSON.parse((await run('broker', 'list', '--json', '-s', address)).out)
  expect(json).toMatchObject([
    { id: 1, leaders: 3, sizeBytes: 33_554_432, problem: '' },
    { id: 2, leaders: 1 },
    { id: 3, leaders: null, problem: expect.stringContaining('ECONNREFUSED') },
  ])
})

test('broker describe shows the partitions that a broker holds, in order', async () => {
  const { address } = await cluster({ 'GET /metrics': { text: page(1) } })
  const { out } = await run('broker', 'describe', '1', '-s', address)
  expect(out.trimEnd().split('\n').slice(-4)).toEqual([
    'PARTITION  ROLE      TERM  LOG-START  HIGH-WATERMARK    SIZE',
    'a/0        follower                0               0  5.1 MB',
    'b/2        follower                0               0    81 B',
    'b/10       leader       7          5             300  4.1 KB',
  ])
  const { partitions } = JSON.parse((await run('broker', 'describe', '1', '--json', '-s', address)).out)
  expect(partitions[2]).toEqual({
    topic: 'b',
    partition: 10,
    leader: true,
    term: 7,
    logStart: 5,
    highWatermark: 300,
    sizeBytes: 4096,
  })
})

test.each<[string, Answer, RegExp]>([
  ['series are switched off', { text: 'tailrace_partition_series_shown 0\n' }, /metricsPerPartition/],
  ['it holds none', { text: 'tailrace_partition_series_shown 1\n' }, /holds no partition of a topic/],
  ['it refuses', { status: 403, body: { message: 'no right' } }, /status 403: no right/],
])('broker describe says so where %s', async (_, answer, text) => {
  const { address } = await cluster({ 'GET /metrics': answer })
  expect((await run('broker', 'describe', '1', '-s', address)).out).toMatch(text)
})

test('a broker that is not in the cluster is unknown', async () => {
  const { address } = await cluster({ 'GET /metrics': { text: page(1) } })
  const { code, err } = await run('broker', 'describe', '9', '-s', address)
  expect([code, err]).toEqual([
    1,
    expect.stringMatching(/UNKNOWN_BROKER: There is no broker 9 in the cluster; there are 1, 2/),
  ])
})

/** Runs the watch until it has shown `count` times. */
async function watch(terminal: MemoryTerminal, address: string, count: number, ...flags: string[]) {
  const write = terminal.write.bind(terminal)
  let shown = 0
  const counting = {
    ...terminal,
    write: async (text: string | Uint8Array) => {
      await write(text)
      if (++shown === count) terminal.interrupt()
    },
  }
  return runCommandLine(['cluster', 'status', '--watch', '-s', address, ...flags], counting)
}

test('a watch draws over the screen each second, and Ctrl-C ends it with exit code 0', async () => {
  const { address } = await cluster({ [bare]: { text: page(3) } })
  const terminal = memoryTerminal({ screen: true })
  expect(await watch(terminal, address, 2)).toBe(0)
  expect(terminal.out).toHaveLength(2)
  const over = '\x1b[H\x1b[J'
  for (const text of terminal.out) expect(text.slice(over.length)).toMatch(/^\d{4}-.*\n\ncluster +c1\n/)
  expect(terminal.out.every((text) => text.startsWith(over))).toBe(true)
  const piped = memoryTerminal()
  await watch(piped, address, 1)
  expect(piped.text()).not.toContain(over)
})

test('with --json it is a document a line', async () => {
  const { address } = await cluster({ [bare]: { text: page(3) } })
  const terminal = memoryTerminal({ screen: true })
  await watch(terminal, address, 2, '--json')
  const documents = terminal
    .text()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(documents).toHaveLength(2)
  expect(documents[0]).toMatchObject({ clusterId: 'c1', at: expect.any(Number), brokers: [{ leaders: 3 }, {}] })
})

test('a cluster that goes away while it is watched is shown, and a wrong address ends the watch at once', async () => {
  const answers: Record<string, Answer> = { [bare]: { text: page(3) } }
  const { address, brokers } = await cluster(answers)
  const good = { body: { clusterId: 'c1', metadataLeader: 1, brokers } }
  const away = { status: 503, body: { code: 'NOT_READY', message: 'not yet', retriable: true, hint: 'wait' } }
  Object.assign(answers, { 'GET /cluster': [good, away] })
  const terminal = memoryTerminal()
  expect(await watch(terminal, address, 2)).toBe(0)
  expect(terminal.out[1]).toMatch(/^error NOT_READY: not yet/)
  expect(await watch(memoryTerminal(), address, 2)).toBe(1)
})

test('the log level of a broker is asked for and changed at its own address', async () => {
  const route = '/operations/log-level'
  const answers = {
    [`GET ${route}`]: { body: { level: 'info' } },
    [`PUT ${route}`]: { body: { level: 'debug', before: 'info' } },
  }
  const { address } = await cluster({}, answers)
  expect((await run('broker', 'log-level', '2', '-s', address)).out).toBe('broker 2 logs at level info\n')
  const changed = await run('broker', 'log-level', '2', 'debug', '-s', address)
  expect(changed.out).toBe('broker 2 logs at level debug until its next start; before: info\n')
  expect(servers[1]!.asked.at(-1)).toEqual({ route: `PUT ${route}`, body: { level: 'debug' } })
  const json = await run('broker', 'log-level', '2', 'debug', '--json', '-s', address)
  expect(JSON.parse(json.out)).toEqual({ broker: 2, level: 'debug', before: 'info' })
  expect((await run('broker', 'log-level', '2', 'loud', '-s', address)).code).toBe(2)
  expect((await run('broker', 'log-level', '3', 'debug', '-s', address)).code).toBe(1)
})
