import { errorTable } from '@tailrace/schemas'
import { afterEach, describe, expect, it } from 'vitest'
import type { MembersDescription } from '../../api/admin-api.ts'
import { aBalance, aGroupDescription, aMembersDescription } from '../../doors/testing/memory-admin.ts'
import { runCommandLine } from '../cli.ts'
import { type Answer, type AnsweringServer, answeringServer } from '../testing/answering-server.ts'
import { memoryTerminal } from '../testing/memory-terminal.ts'

const servers: AnsweringServer[] = []
afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

async function serve(answers: Record<string, Answer | Answer[]>): Promise<AnsweringServer> {
  const server = await answeringServer(answers)
  servers.push(server)
  return server
}

async function run(args: string[], terminal = memoryTerminal({ environment: { USER: 'ada' } })) {
  const code = await runCommandLine(args, terminal)
  return { code, out: terminal.text(), err: terminal.err.join('\n') }
}

const path = '/topics/flights/partitions/3'
const stable: MembersDescription = {
  leader: 1,
  term: 7,
  stage: 'stable',
  voters: [1, 2, 3],
  outgoing: [],
  learners: [],
  target: null,
  members: [],
  lastOutcome: null,
}
const member = { ...aMembersDescription.members[1]!, copy: null }
const staging = (lag: number): MembersDescription => ({
  ...stable,
  stage: 'staging',
  learners: [4],
  target: [2, 3, 4],
  members: [{ ...member, broker: 4, lag, caughtUp: lag === 0 }],
})
const reached: MembersDescription = { ...stable, voters: [4, 3, 2], leader: 2, term: 8 }
const failure = (code: string, retriable: boolean): Answer => ({
  status: 503,
  body: { code, message: `${code}.`, retriable, hint: 'h' },
})

describe('partition members and describe', () => {
  it('show the leader, the change under way, the result of the last one, and each member', async () => {
    const { address } = await serve({ [`GET ${path}/members`]: { body: aMembersDescription } })
    expect((await run(['partition', 'members', 'flights/3', '-s', address])).out).toBe(
      [
        'group     flights/3',
        'leader    broker 1, term 7',
        'voters    1',
        'learners  2',
        'change    to 1,2: catching up: broker 2 has 5 B of 10 B',
        'last      change to 1,3 failed: broker 3 was not heard of',
        '',
        'BROKER  ROLE     STATE     MATCH  NEXT  LAG  IN-FLIGHT  COPY         CAUGHT-UP',
        '     1  leader   leader        9    10    0          0               yes',
        '     2  learner  snapshot      3     4    6          1  5 B of 10 B  no',
        '',
      ].join('\n'),
    )
    const json = await run(['partition', 'members', 'flights/3', '-s', address, '--json'])
    expect(JSON.parse(json.out)).toEqual(aMembersDescription)
  })

  it('describe is a page of everything that the leader and the replicas know', async () => {
    const trouble = { ...aGroupDescription.replicas[0]!, broker: 2, trouble: 'quarantined: entry 7 is damaged' }
    const group = { ...aGroupDescription, replicas: [...aGroupDescription.replicas, trouble], readOnly: true }
    const { address } = await serve({ [`GET ${path}/describe`]: { body: group } })
    const { out } = await run(['partition', 'describe', 'flights/3', '-s', address])
    for (const line of [
      "entries   3 to 9: committed to 8, on the leader's disk to 9",
      'offsets   100 to 130 (high watermark), 4.1 KB',
      'snapshot  to entry 2, 512 B, 2023-11-14T22:13:20.000Z',
      'records   read-only: publishing is refused',
      '    8     7  records        120-129    900  applied',
      '    9     7  configuration              81  uncommitted',
      'broker 2 takes no part: quarantined: entry 7 is damaged',
    ])
      expect(out.split('\n')).toContain(line)
    const json = await run(['partition', 'describe', 'flights/3', '-s', address, '--json'])
    expect(JSON.parse(json.out)).toEqual(group)
  })

  it('are the same for the metadata group', async () => {
    const { address } = await serve({ 'GET /cluster/members': { body: stable } })
    expect((await run(['cluster', 'members', '-s', address])).out).toContain('group     the metadata group\n')
  })

  it('show the racks of brokers that have one', async () => {
    const brokers = [{ id: 1, rack: 'north' }, { id: 2 }]
    const { address } = await serve({
      [`GET ${path}/members`]: { body: aMembersDescription },
      'GET /cluster': { body: { brokers } },
    })
    const { out } = await run(['partition', 'members', 'flights/3', '-s', address])
    expect(out).toMatch(/^BROKER +RACK +ROLE/m)
    expect(out).toMatch(/^ +1 +north +leader/m)
  })

  it('cluster balance --dry-run shows shares, moves and what each gains', async () => {
    const { address } = await serve({ 'GET /cluster/balance': { body: aBalance } })
    const { out } = await run(['cluster', 'balance', '--dry-run', '-s', address])
    expect(out).toContain('imbalance  50.0 %, being made even\n')
    expect(out).toMatch(/^ +2 +host 10\.0\.0\.1 +up +0 +0 +0 B/m)
    expect(out).toMatch(/^flights\/0 +replica +load +1 +2 +2\.0 KB +50\.0 % +0\.0 %/m)
    const even = { ...aBalance, balancing: false, moves: [] }
    const other = await serve({ 'GET /cluster/balance': { body: even } })
    expect((await run(['cluster', 'balance', '--dry-run', '-s', other.address])).out).toContain(
      'Nothing is to be moved.',
    )
  })
})

describe('partition change', () => {
  const change = ['partition', 'change', 'flights/3']

  it('shows the progress until the members are reached, through an election, in any order', async () => {
    const progress = [stable, stable, staging(1200), staging(0)].map((body) => ({ body }))
    const { asked, address } = await serve({
      [`PUT ${path}/members`]: { status: 202 },
      [`GET ${path}/members`]: [...progress, failure('LEADER_UNAVAILABLE', true), { body: reached }],
    })
    const { code, out, err } = await run([...change, '--replicas', '2,3,4', '-s', address])
    expect([code, err]).toEqual([0, ''])
    const lines = out.split('\n')
    expect(lines[0]).toBe('flights/3: from 1,2,3 to 2,3,4')
    expect(lines).toContain('  catching up: broker 4 is 1,200 entries behind')
    expect(lines).toContain('  waiting: LEADER_UNAVAILABLE.')
    expect(lines.at(-2)).toBe('flights/3 has members 4,3,2')
    expect(asked[1]).toEqual({ route: `PUT ${path}/members`, body: { replicas: [2, 3, 4] } })
  })

  it('fails with the reason when the change is given up, and not because an older one was', async () => {
    const general = errorTable.CHANGE_FAILED.message
    const reason = `${general} broker 4 was not heard of.`
    const outcome = { outcome: 'failed', reason, target: [2, 3, 4] } as const
    const older = { ...outcome, reason: 'cancelled' }
    const bodies = [{ ...stable, lastOutcome: older }, { ...stable, lastOutcome: older }, staging(5)]
    const { address } = await serve({
      [`PUT ${path}/members`]: { status: 202 },
      [`GET ${path}/members`]: [...bodies, { ...stable, lastOutcome: outcome }].map((body) => ({ body })),
    })
    const { code, err } = await run([...change, '--replicas', '2,3,4', '-s', address])
    expect(code).toBe(1)
    expect(err).toContain('error CHANGE_FAILED: The members of flights/3 are still 1,2,3: broker 4 was not heard of.')
    expect(err).toContain('tailrace partition describe flights/3')
  })

  it('leaves the change running at Ctrl-C, and says so', async () => {
    const terminal = memoryTerminal()
    const print = terminal.print
    terminal.print = (line) => {
      print(line)
      if (line.includes('catching up')) terminal.interrupt()
    }
    const { address, asked } = await serve({
      [`PUT ${path}/members`]: { status: 202 },
      [`GET ${path}/members`]: [{ body: stable }, { body: staging(5) }],
    })
    const { code, err } = await run([...change, '--replicas', '2,3,4', '-s', address], terminal)
    expect(code).toBe(130)
    expect(err).toContain('the change goes on: tailrace partition members flights/3 shows it')
    expect(asked.some(({ route }) => route.startsWith('DELETE'))).toBe(false)
  })

  it('--no-wait returns at once; --cancel gives up', async () => {
    const { asked, address } = await serve({
      [`GET ${path}/members`]: { body: stable },
      [`PUT ${path}/members`]: { status: 202 },
      [`DELETE ${path}/members/change`]: { status: 204 },
    })
    expect((await run([...change, '--replicas', '2,3,4', '--no-wait', '-s', address])).out).toBe(
      'asked for 2,3,4 as members of flights/3; see: tailrace partition members flights/3\n',
    )
    expect((await run([...change, '--cancel', '-s', address])).out).toBe('gave up the change of members of flights/3\n')
    expect(asked.map(({ route }) => route)).toEqual([
      `GET ${path}/members`,
      `PUT ${path}/members`,
      `DELETE ${path}/members/change`,
    ])
  })

  it('prints one object with --json: the members as they are then', async () => {
    const { address } = await serve({
      [`PUT ${path}/members`]: { status: 202 },
      [`GET ${path}/members`]: [{ body: stable }, { body: staging(0) }, { body: reached }],
    })
    const { out } = await run([...change, '--replicas', '2,3,4', '-s', address, '--json'])
    expect(JSON.parse(out)).toEqual(reached)
  })

  it('is --voters for the metadata group', async () => {
    const { asked, address } = await serve({
      'PUT /cluster/members': { status: 202 },
      'GET /cluster/members': [{ body: stable }, { body: { ...stable, voters: [1, 2, 4] } }],
    })
    const { code, out } = await run(['cluster', 'change', '--voters', '1,2,4', '-s', address])
    expect([code, out.split('\n').at(-2)]).toEqual([0, 'the metadata group has members 1,2,4'])
    expect(asked[1]!.body).toEqual({ replicas: [1, 2, 4] })
  })
})

describe('force-members', () => {
  const force = ['partition', 'force-members', 'flights/3', '--members', '1']

  it('without the flag says what would be lost, changes nothing, and fails', async () => {
    const other = { ...aGroupDescription.replicas[0]!, broker: 2, role: 'follower', lastIndex: 20 }
    const group = { ...aGroupDescription, leader: 0, replicas: [aGroupDescription.replicas[0], other] }
    const { asked, address } = await serve({ [`GET ${path}/describe`]: { body: group } })
    const { code, err } = await run([...force, '-s', address])
    expect(code).toBe(1)
    for (const text of [
      'error DATA_LOSS_NOT_ACCEPTED: flights/3 would go on with 1 alone',
      'Broker 1 has entries to 9 and knows offsets below 130 as committed.',
      'Another replica that answers has entries to 20: name it instead.',
      'would be lost permanently',
      '--i-accept-data-loss',
    ])
      expect(err).toContain(text)
    expect(asked.map(({ route }) => route)).toEqual([`GET ${path}/describe`])
  })

  it('warns that a majority is alive, and explains also where no broker can tell anything', async () => {
    const alive = await serve({ [`GET ${path}/describe`]: { body: aGroupDescription } })
    expect((await run([...force, '-s', alive.address])).err).toContain('It has a leader, broker 1')
    const silent = await serve({ [`GET ${path}/describe`]: failure('LEADER_UNAVAILABLE', true) })
    expect((await run([...force, '-s', silent.address])).err).toContain('would be lost permanently')
  })

  it('with the flag asks for it in the name of the user, and shows a refusal', async () => {
    const done = { body: { term: 9, lastIndex: 40, highWatermark: 30 } }
    const refused = { status: 409, body: { code: 'QUORUM_ALIVE', message: 'm', retriable: false, hint: 'h' } }
    const { asked, address } = await serve({ [`POST ${path}/force-members`]: [done, refused] })
    const flags = [...force, '--i-accept-data-loss', '-s', address]
    expect(await run(flags)).toEqual({
      code: 0,
      out: 'flights/3 goes on with 1 in term 9, from offset 30; see: tailrace cluster audit\n',
      err: '',
    })
    expect(asked[0]!.body).toEqual({ members: [1], acceptDataLoss: true, by: 'ada' })
    expect(await run(flags)).toMatchObject({ code: 1, err: 'error QUORUM_ALIVE: m\n  h' })
  })
})

describe('commands that ask once', () => {
  it.each([
    [
      ['partition', 'transfer', 'flights/3', '--to', '2'],
      `POST ${path}/leader`,
      { to: 2 },
      { leader: 2 },
      'flights/3 is led by broker 2',
    ],
    [['partition', 'transfer', 'flights/3'], `POST ${path}/leader`, {}, { leader: 1 }, 'flights/3 is led by broker 1'],
    [
      ['cluster', 'transfer', '--to', '3'],
      'POST /cluster/leader',
      { to: 3 },
      { leader: 3 },
      'the metadata group is led by broker 3',
    ],
    [
      ['partition', 'snapshot', 'flights/3', '--broker', '3', '--then-fetch'],
      `POST ${path}/snapshot`,
      { broker: 3, thenFetch: true },
      { index: 12, bytes: 2_500_000 },
      'broker 3 took a snapshot of flights/3 to entry 12, 2.5 MB; late replicas take it from there',
    ],
    [
      ['partition', 'priority', 'flights/3', '--broker', '2', '--factor', '3'],
      `PUT ${path}/priority`,
      { broker: 2, factor: 3 },
      undefined,
      'broker 2 waits 3 times as long as others before it campaigns for flights/3',
    ],
    [
      ['cluster', 'remove-broker', '3'],
      'DELETE /cluster/brokers/3',
      null,
      undefined,
      'broker 3 is out of the cluster permanently',
    ],
    [
      ['broker', 'remove', '3'],
      'DELETE /cluster/brokers/3',
      null,
      undefined,
      'broker 3 is out of the cluster permanently',
    ],
    [
      ['broker', 'drain', '3'],
      'PUT /cluster/brokers/3/draining',
      null,
      undefined,
      'replicas and leaderships of broker 3 go to others; "tailrace cluster balance --dry-run" shows what is left',
    ],
    [
      ['broker', 'undrain', '3'],
      'DELETE /cluster/brokers/3/draining',
      null,
      undefined,
      'broker 3 may hold replicas again',
    ],
    [
      ['cluster', 'balance'],
      'POST /cluster/balance',
      null,
      undefined,
      'the brokers spread replicas and leaderships evenly; "tailrace cluster balance --dry-run" shows what is left',
    ],
    [
      ['cluster', 'balance', '--stop'],
      'DELETE /cluster/balance',
      null,
      undefined,
      'moves that an operator asked for are called off; those that have begun end',
    ],
    [
      ['topic', 'alter', 'flights', '--retention-ms', 'default'],
      'PATCH /topics/flights/config',
      { retentionMs: null },
      {},
      'topic flights: all settings at their default',
    ],
    [
      ['topic', 'alter', 'flights', '--retention-bytes', '10GiB', '--retention-ms', '7d', '--read-only', 'true'],
      'PATCH /topics/flights/config',
      { retentionBytes: 10_737_418_240, retentionMs: 604_800_000, readOnly: true },
      { retentionMs: 604_800_000 },
      'topic flights: retentionMs=604800000',
    ],
  ] as [string[], string, unknown, unknown, string][])('%j', async (args, route, sent, body, text) => {
    const { asked, address } = await serve({ [route]: { body } })
    expect(await run([...args, '-s', address])).toEqual({ code: 0, out: `${text}\n`, err: '' })
    expect(asked).toEqual([{ route, body: sent }])
  })

  it('topic create takes settings', async () => {
    const { asked, address } = await serve({ 'POST /topics': { status: 201, body: {} } })
    await run(['topic', 'create', 't', '-r', '1', '--retention-ms', '12h', '--max-batch-bytes', '2MiB', '-s', address])
    expect(asked[0]!.body).toMatchObject({ config: { retentionMs: 43_200_000, maxBatchBytes: 2_097_152 } })
  })

  it('cluster feature-level', async () => {
    const brokers = [
      { id: 1, featureLevels: { lowest: 1, highest: 2 } },
      { id: 101, featureLevels: undefined },
    ]
    const { address, asked } = await serve({
      'GET /cluster': [{ body: { clusterId: 'c', metadataLeader: 1, featureLevel: 1, brokers } }],
      'POST /cluster/feature-level': [{ body: { level: 2 } }, { body: { level: 2 } }],
    })
    const shown = (await run(['cluster', 'feature-level', '-s', address])).out
    expect(shown).toMatch(/^feature level {2}1\n\nBROKER +LOWEST +HIGHEST\n +1 +1 +2\n +101 +1 +1\n$/)
    const raised = (await run(['cluster', 'feature-level', '--raise', '-s', address])).out
    expect(raised).toBe('the feature level of the cluster is 2\n')
    await run(['cluster', 'feature-level', '--raise', '2', '-s', address])
    expect(asked.slice(1)).toMatchObject([{ body: {} }, { body: { level: 2 } }])
  })

  it('cluster audit', async () => {
    const record = {
      at: 0,
      broker: 1,
      by: 'ada from 127.0.0.1',
      action: 'force-members',
      target: 'flights/3',
      detail: 'to 1',
    }
    const { address } = await serve({
      'GET /cluster/audit': [{ body: { records: [record] } }, { body: { records: [] } }],
    })
    expect((await run(['cluster', 'audit', '-s', address])).out).toBe(
      [
        'TIME                      BROKER  BY                  ACTION         TARGET     DETAIL',
        '1970-01-01T00:00:00.000Z       1  ada from 127.0.0.1  force-members  flights/3  to 1',
        '',
      ].join('\n'),
    )
    expect((await run(['cluster', 'audit', '-s', address])).out).toBe('Nothing has been recorded.\n')
  })
})

describe('usage errors say what to type', () => {
  it.each([
    [['partition', 'members', 'flights'], 'write topic and number with a slash between them, like flights/0'],
    [
      ['partition', 'members', 'flights:3'],
      '"flights:3" is not a partition; write topic and number with a slash between them, like flights/0',
    ],
    [['partition', 'members', 'flights/x'], 'like flights/0'],
    [['partition', 'members'], "missing required argument 'topic/partition'"],
    [
      ['partition', 'change', 'flights/3'],
      '--replicas is missing: name the brokers, like tailrace partition change flights/3 --replicas 2,3,4',
    ],
    [
      ['partition', 'change', 'flights/3', '--replicas', '2;3'],
      '--replicas is "2;3", but must be broker numbers with commas',
    ],
    [['partition', 'change', 'flights/3', '--replicas', '2,2'], '--replicas names broker 2 twice'],
    [
      ['partition', 'change', 'flights/3', '--replicas', '2', '--cancel'],
      '--cancel gives up a change; --replicas asks for one',
    ],
    [['cluster', 'change'], '--voters is missing'],
    [['partition', 'transfer', 'flights/3', '--to', '2,3'], '--to is "2,3", but takes one broker'],
    [['partition', 'force-members', 'flights/3'], '--members is missing'],
    [['partition', 'snapshot', 'flights/3'], '--broker is missing: name the brokers, like --broker 3'],
    [['partition', 'priority', 'flights/3', '--broker', '2'], '--factor is missing'],
    [
      ['partition', 'priority', 'flights/3', '--broker', '2', '--factor', '11'],
      '--factor is "11", but must be a whole number from 1 to 10',
    ],
    [['cluster', 'remove-broker', 'three'], 'broker numbers with commas'],
    [
      ['topic', 'alter', 'flights'],
      'nothing to change: name a setting, like tailrace topic alter flights --retention-ms 7d',
    ],
    [
      ['topic', 'alter', 'flights', '--retention-ms', '7 days'],
      '--retention-ms is "7 days", but must be a duration like 7d',
    ],
    [['topic', 'alter', 'flights', '--retention-bytes', '10GB'], 'must be a size like 10GiB'],
    [
      ['topic', 'alter', 'flights', '--read-only', 'yes'],
      '--read-only is "yes", but must be true or false, or "default"',
    ],
    [['topic', 'create', 't', '--retention-ms', 'default'], '--retention-ms is "default"'],
    [['partition', 'transfr', 'flights/3'], 'Did you mean transfer?'],
  ])('%j', async (args, message) => {
    const { code, err } = await run(args)
    expect(err).toContain(message)
    expect(code).toBe(2)
  })
})
