import { afterEach, describe, expect, it } from 'vitest'
import { runCommandLine } from '../cli.ts'
import { type Answer, type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(answers: Record<string, Answer>): Promise<AnsweringServer> {
  const server = await answeringServer(answers)
  servers.push(server)
  return server
}

/** An address that nothing listens on: it was free a moment ago. */
async function closedAddress(): Promise<string> {
  const { address } = await serve({})
  const server = servers.pop()!
  await new Promise<void>((resolve) => server.close(resolve))
  return address
}

async function run(...args: string[]) {
  const terminal = memoryTerminal()
  const code = await runCommandLine(args, terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n') }
}

const topic = {
  name: 'flights',
  id: 'a1',
  config: { maxBatchBytes: 1000 },
  partitions: [
    { partition: 0, leader: 2, term: 3, replicas: [1, 2, 3], inSync: [2, 3], logStart: 0, highWatermark: 1200 },
    { partition: 1, leader: 0, term: 4, replicas: [1, 2, 3], inSync: [], logStart: 0, highWatermark: 34 },
  ],
}
const broker = (id: number, alive: boolean) => ({
  id,
  http: `127.0.0.1:808${id - 1}`,
  peer: `127.0.0.1:708${id - 1}`,
  level: 0,
  alive,
  pid: alive ? 70 + id : 0,
})
const cluster = { clusterId: 'c1', metadataLeader: 1, brokers: [broker(1, true), broker(2, false)] }

describe('topic create', () => {
  it('sends the request as given', async () => {
    const { asked, address } = await serve({ 'POST /topics': { status: 201, body: { name: 'flights' } } })
    const flags = ['--partitions', '6', '--replicas', '3', '--config', 'maxBatchBytes=2000', '--server', address]
    expect(await run('topic', 'create', 'flights', ...flags)).toEqual({
      code: 0,
      out: 'created topic flights: 6 partitions, 3 replicas\n',
      err: '',
    })
    expect(asked).toEqual([
      { route: 'POST /topics', body: { name: 'flights', partitions: 6, replicas: 3, config: { maxBatchBytes: 2000 } } },
    ])
  })

  it('takes three replicas, or as many as there are brokers', async () => {
    const { asked, address } = await serve({ 'POST /topics': { body: {} }, 'GET /cluster': { body: cluster } })
    expect((await run('topic', 'create', 't', '-s', address)).out).toBe('created topic t: 1 partition, 2 replicas\n')
    expect(asked[1]?.body).toMatchObject({ partitions: 1, replicas: 2 })
  })

  it('with --if-not-exists a topic that is there is a success, and what differs is told', async () => {
    const exists = { status: 409, body: { code: 'TOPIC_EXISTS', message: 'There is one.', retriable: false, hint: '' } }
    const { address } = await serve({ 'POST /topics': exists, 'GET /topics/flights': { body: topic } })
    const create = (...flags: string[]) => run('topic', 'create', 'flights', '-r', '3', ...flags, '-s', address)
    expect((await create()).code).toBe(1)
    expect(await create('--if-not-exists', '-p', '2')).toEqual({
      code: 0,
      out: 'topic flights exists: 2 partitions, 3 replicas\n',
      err: '',
    })
    const other = await create('--if-not-exists', '-p', '6', '--json')
    expect([other.code, other.err]).toEqual([0, 'topic flights stays as it is; asked for: 6 partitions, 3 replicas'])
    expect(JSON.parse(other.out)).toMatchObject({ name: 'flights', id: 'a1', partitions: 2, replicas: 3 })
  })

  it('shows the error of the broker with its hint, and fails', async () => {
    const body = {
      code: 'TOPIC_EXISTS',
      message: 'A topic of this name exists. flights',
      retriable: false,
      hint: 'Choose another name.',
    }
    const { address } = await serve({ 'POST /topics': { status: 409, body } })
    expect(await run('topic', 'create', 'flights', '-r', '1', '-s', address)).toEqual({
      code: 1,
      out: '',
      err: 'error TOPIC_EXISTS: A topic of this name exists. flights\n  Choose another name.',
    })
    const json = await run('topic', 'create', 'flights', '-r', '1', '-s', address, '--json')
    expect(JSON.parse(json.err)).toEqual(body)
  })

  it.each([
    [['--partitions', '0'], '--partitions is "0", but must be a whole number from 1'],
    [['--replicas', 'many'], '--replicas is "many"'],
    [['--config', 'oops'], '--config "oops" is not of the form name=value'],
    [['--server', 'ftp://x'], '--server "ftp://x" is not an address'],
  ])('%j is a usage error', async (flags, message) => {
    const { code, err } = await run('topic', 'create', 't', '--replicas', '1', ...flags)
    expect(code).toBe(2)
    expect(err).toContain(message)
  })
})

describe('tables for people, JSON for programs', () => {
  it('topic list', async () => {
    const topics = [
      { name: 'flights', id: 'a', partitions: 6, replicas: 3, config: {} },
      { name: 'a', id: 'b', partitions: 12, replicas: 1, config: { maxBatchBytes: 5 } },
    ]
    const { address } = await serve({ 'GET /topics': { body: { topics } } })
    expect((await run('topic', 'list', '-s', address)).out).toBe(
      [
        'TOPIC    PARTITIONS  REPLICAS  CONFIG',
        'flights           6         3',
        'a                12         1  maxBatchBytes=5',
        '',
      ].join('\n'),
    )
    expect(JSON.parse((await run('topic', 'list', '-s', address, '--json')).out)).toEqual(topics)
  })

  it('topic list without topics says what to do', async () => {
    const { address } = await serve({ 'GET /topics': { body: { topics: [] } } })
    expect((await run('topic', 'list', '-s', address)).out).toContain('tailrace topic create NAME')
  })

  it('topic describe', async () => {
    const replicas = [{ sizeBytes: 2_500_000 }, { sizeBytes: 1_500_000 }]
    const { address } = await serve({
      'GET /topics/flights': { body: topic },
      'GET /topics/flights/partitions/0/describe': { body: { sizeBytes: 2_500_000, replicas } },
      'GET /topics/flights/partitions/1/describe': { status: 503, body: { code: 'LEADER_UNAVAILABLE', message: '' } },
    })
    expect((await run('topic', 'describe', 'flights', '-s', address)).out).toBe(
      [
        'topic    flights',
        'id       a1',
        'records  1,234 records',
        'size     2.5 MB in 1 partition, 4.0 MB with all replicas',
        'config   maxBatchBytes=1000',
        '',
        'PARTITION  LEADER  TERM  REPLICAS  IN-SYNC  LOG-START  HIGH-WATERMARK    SIZE',
        '        0       2     3  1,2,3     2,3              0            1200  2.5 MB',
        '        1    none     4  1,2,3                      0              34       -',
        '',
      ].join('\n'),
    )
    const json = JSON.parse((await run('topic', 'describe', 'flights', '-s', address, '--json')).out)
    expect(json).toMatchObject(topic)
    const sizes = json.partitions.map((one: Record<string, unknown>) => [one.sizeBytes, one.replicaBytes])
    expect(sizes).toEqual([
      [2_500_000, 4_000_000],
      [null, null],
    ])
  })

  it('topic describe shows the value of each setting and where it comes from', async () => {
    const settings = [
      { name: 'retention.ms', value: null, source: 'default', about: '' },
      { name: 'max.message.bytes', value: 1000, source: 'topic', about: '' },
    ]
    const { address } = await serve({ 'GET /topics/flights': { body: { ...topic, settings } } })
    const lines = (await run('topic', 'describe', 'flights', '-s', address)).out.split('\n')
    expect(lines.slice(0, 8)).toEqual([
      'topic    flights',
      'id       a1',
      'records  1,234 records',
      '',
      'SETTING            VALUE  FROM',
      'retention.ms       none   default',
      'max.message.bytes  1000   topic',
      '',
    ])
  })

  it("topic create and topic alter take settings by Kafka's names", async () => {
    const { asked, address } = await serve({ 'POST /topics': { body: {} }, 'PATCH /topics/t/config': { body: {} } })
    const given = ['--config', 'retention.ms=7d', '--config', 'retention.bytes=-1', '--config', 'compression.type=zstd']
    await run('topic', 'create', 't', '-r', '1', ...given, '--segment-bytes', '2MiB', '-s', address)
    expect(asked[0]!.body).toMatchObject({
      config: { 'retention.ms': 604_800_000, 'retention.bytes': -1, 'compression.type': 'zstd', segmentBytes: 2 ** 21 },
    })
    await run('topic', 'alter', 't', '--config', 'retention.ms=default', '--config', 'other=5', '-s', address)
    expect(asked[1]!.body).toEqual({ 'retention.ms': null, other: 5 })
    expect(await run('topic', 'alter', 't', '--config', 'retention.ms=soon')).toMatchObject({
      code: 2,
      err: expect.stringContaining('retention.ms is "soon", but must be a duration like 7d'),
    })
  })

  it('topic delete', async () => {
    const { address } = await serve({ 'DELETE /topics/a%2Fb': { status: 204 } })
    expect(await run('topic', 'delete', 'a/b', '-y', '-s', address)).toEqual({
      code: 0,
      out: 'deleted topic a/b\n',
      err: '',
    })
  })

  it('topic delete and topic alter name the id of the topic, where it is given', async () => {
    const { address } = await serve({
      'DELETE /topics/t?topicId=a%26b': { status: 204 },
      'PATCH /topics/t/config?topicId=a%26b': { body: { readOnly: true } },
    })
    const meant = ['--topic-id', 'a&b', '-s', address]
    expect((await run('topic', 'delete', 't', '--yes', ...meant)).out).toBe('deleted topic t\n')
    expect(await run('topic', 'alter', 't', '--read-only', 'true', ...meant)).toMatchObject({ code: 0, err: '' })
  })

  it('topic alter adds partitions, alone or with settings', async () => {
    const summary = { name: 't', id: 'a', partitions: 12, replicas: 3, config: { readOnly: true } }
    const { asked, address } = await serve({
      'PATCH /topics/t': { body: summary },
      'PATCH /topics/t/config': { body: { readOnly: true } },
    })
    const more = ['topic', 'alter', 't', '--partitions', '12', '-s', address]
    expect(await run(...more)).toEqual({ code: 0, out: 'topic t: 12 partitions\n', err: '' })
    expect((await run(...more, '--read-only', 'true')).out).toBe('topic t: readOnly=true\ntopic t: 12 partitions\n')
    expect(asked).toEqual([
      { route: 'PATCH /topics/t', body: { partitions: 12 } },
      { route: 'PATCH /topics/t/config', body: { readOnly: true } },
      { route: 'PATCH /topics/t', body: { partitions: 12 } },
    ])
    expect(JSON.parse((await run(...more, '--json')).out)).toEqual(summary)
    expect(await run('topic', 'alter', 't', '--partitions', 'many')).toMatchObject({ code: 2 })
  })

  it('topic delete-records asks before it deletes, and not with --yes', async () => {
    const path = '/topics/flights/partitions/0/delete-records'
    const { asked, address } = await serve({
      'GET /topics/flights': { body: topic },
      [`POST ${path}`]: { body: { logStart: 1000 } },
    })
    const wanted = ['topic', 'delete-records', 'flights', '--partition', '0', '--before', '1000', '-s', address]
    expect(await run(...wanted)).toMatchObject({
      code: 2,
      err: expect.stringContaining(
        'This deletes 1,000 records of flights/0, from offset 0 to 999, which cannot be undone: add --yes',
      ),
    })
    expect(asked.map(({ route }) => route)).toEqual(['GET /topics/flights'])
    expect((await run(...wanted, '--yes')).out).toBe('flights/0 begins at offset 1000\n')
    expect(asked.at(-1)).toEqual({ route: `POST ${path}`, body: { before: 1000 } })
    expect(JSON.parse((await run(...wanted, '--yes', '--json')).out)).toEqual({ logStart: 1000 })
    const all = ['topic', 'delete-records', 'flights', '-p', '0', '--before', 'latest', '-s', address, '--yes']
    expect((await run(...all)).code).toBe(0)
    expect(asked.at(-1)!.body).toEqual({ before: -1 })
  })

  it.each([
    ['0', 'latest', 'This deletes 1,200 records of flights/0, from offset 0 to 1199, which cannot be undone'],
    ['0', '0', 'nothing to delete: flights/0 begins at offset 0'],
    ['0', '1201', 'flights/0 ends at offset 1200'],
    ['9', '1', 'flights has no partition 9'],
    ['0', 'soon', '--before'],
    ['-1', '0', '--partition'],
  ])('topic delete-records of partition %s before %s: %s', async (partition, before, said) => {
    const { asked, address } = await serve({ 'GET /topics/flights': { body: topic } })
    const wanted = ['--partition', partition, '--before', before, '-s', address]
    expect(await run('topic', 'delete-records', 'flights', ...wanted)).toMatchObject({
      code: 2,
      err: expect.stringContaining(said),
    })
    expect(asked.every(({ route }) => route.startsWith('GET'))).toBe(true)
  })

  it('cluster status', async () => {
    const { address } = await serve({ 'GET /cluster': { body: cluster } })
    expect((await run('cluster', 'status', '-s', address)).out).toBe(
      [
        'cluster          c1',
        'metadata leader  1',
        'brokers          1 of 2 alive',
        '',
        'BROKER  HTTP            PEER            LEVEL  ALIVE  PID',
        '     1  127.0.0.1:8080  127.0.0.1:7080      0  yes     71',
        '     2  127.0.0.1:8081  127.0.0.1:7081      0  no',
        '',
      ].join('\n'),
    )
    expect(JSON.parse((await run('cluster', 'status', '-s', address, '--json')).out)).toEqual({
      ...cluster,
      conditions: null,
    })
  })

  it('cluster status shows racks where brokers have them', async () => {
    const racked = { ...cluster, brokers: [{ ...broker(1, true), rack: 'east' }, broker(2, true)] }
    const { address } = await serve({ 'GET /cluster': { body: racked } })
    expect((await run('cluster', 'status', '-s', address)).out).toMatch(
      /LEVEL +RACK +ALIVE[\s\S]* 0 +east +yes[\s\S]* 0 +yes/,
    )
  })

  it('cluster status says what is not well with brokers, where it is told', async () => {
    const conditions = [{ broker: 2, condition: null, why: 'It is not reached.' }]
    const { address } = await serve({
      'GET /cluster': { body: cluster },
      'GET /cluster/conditions': { body: { brokers: conditions } },
    })
    expect((await run('cluster', 'status', '-s', address)).out).toMatch(
      /no\n\nbroker 2: its condition is not known: It is not reached\.\n$/,
    )
    const { out } = await run('cluster', 'status', '-s', address, '--json')
    expect(JSON.parse(out)).toEqual({ ...cluster, conditions })
  })
})

describe('servers that do not answer as they should', () => {
  it('says which address refuses, and how to start a cluster', async () => {
    const address = await closedAddress()
    const { code, err } = await run('topic', 'list', '--server', address)
    expect(code).toBe(1)
    expect(err).toContain(`No broker answers at http://${address}: nothing listens there.`)
    expect(err).toContain('tailrace cluster start')
  })

  it('asks the next of several', async () => {
    const closed = await closedAddress()
    const { address } = await serve({ 'GET /topics': { body: { topics: [] } } })
    expect((await run('topic', 'list', '--server', `${closed},ws://${address}`)).code).toBe(0)
  })

  it('says so when the server is no broker', async () => {
    const { address } = await serve({
      'GET /topics': { status: 200, text: '<html>' },
      'GET /cluster': { status: 502, text: 'bad' },
    })
    expect((await run('topic', 'list', '-s', address)).err).toContain('no Tailrace error')
    expect((await run('cluster', 'status', '-s', address)).err).toContain('answered with status 502')
  })
})

describe('a table', () => {
  const name = 'departures-of-all-airports-of-the-world'
  const topics = [{ name, id: 'a1', partitions: 6, replicas: 3, config: { retentionMs: 86_400_000 } }]
  async function listed(width: number, ...flags: string[]) {
    const { address } = await serve({ 'GET /topics': { body: { topics } } })
    const terminal = memoryTerminal({ width })
    expect(await runCommandLine(['topic', 'list', '-s', address, ...flags], terminal)).toBe(0)
    return terminal.text()
  }

  it('fits the terminal of the one who reads it', async () => {
    const lines = (await listed(50)).trimEnd().split('\n')
    expect(lines[1]).toHaveLength(50)
    expect(lines[1]).toMatch(/^departures-\S*… +6 +3 {2}retent\S*…$/)
  })

  it('is whole in a pipe, and JSON is whole everywhere', async () => {
    expect(await listed(Number.POSITIVE_INFINITY)).toContain(`\n${name} `)
    expect(JSON.parse(await listed(50, '--json'))).toEqual(topics)
  })
})
