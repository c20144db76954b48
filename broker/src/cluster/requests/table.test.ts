import { type Message, type MessageName, peerRequestNames, TailraceError } from '@tailrace/schemas'
import { beforeAll, describe, expect, it, test } from 'vitest'
import {
  sampleGroupRequests,
  sampleGroupResults,
} from '../../../../schemas/src/testing/sample-consumer-group-messages.ts'
import { sampleMessages } from '../../../../schemas/src/testing/sample-messages.ts'
import { sampleIntents } from '../../../../schemas/src/testing/sample-peer-messages.ts'
import { sampleStreamRequests, sampleStreamResults } from '../../../../schemas/src/testing/sample-stream-messages.ts'
import type { Peers } from '../../partition/peers.ts'
import { askerOf } from '../../security/identity/asker-fields.ts'
import { formationOf, recordFields } from '../metadata/formation-record.ts'
import { oddFields } from '../testing/odd-fields.ts'
import { overTheWire } from '../testing/over-the-wire.ts'
import { during } from '../testing/running.ts'
import { TestCluster } from '../testing/test-cluster.ts'
import { checkedPeers } from './checked-peers.ts'
import type { ClusterRequestName, RequestRow } from './table.ts'
import { requestTable } from './table.ts'

const names = Object.keys(requestTable) as ClusterRequestName[]
const rows = requestTable as unknown as Readonly<Record<ClusterRequestName, RequestRow<ClusterRequestName, never>>>

/** These are checked where they are used: by the partition that they name, or by the replica that answers them. */
const checkedWhereUsed: ReadonlySet<ClusterRequestName> = new Set([
  'Publish',
  'PublishIf',
  'Fetch',
  'FindOffset',
  'CopyOpen',
  'CopyRead',
  'CopyClose',
  'ReadEntries',
])
const checked = names.filter((name) => !checkedWhereUsed.has(name))

const record = recordFields(formationOf([{ id: 1, directoryId: 'd', peer: 'p:1' }]))

/** Sound requests of a name. */
function requests(name: ClusterRequestName): object[] {
  const sample = sampleMessages[name]
  if (name === 'Formation') return [{ ...sample, record }]
  if (name === 'MetadataCommand') return sampleIntents.map((intent) => ({ ...sample, intent }))
  if (name === 'ConsumerGroup') return sampleGroupRequests.map((request) => ({ ...sample, request }))
  if (name === 'Stream') return sampleStreamRequests.map((request) => ({ ...sample, request }))
  return [sample]
}

function replies(name: ClusterRequestName): object[] {
  const sample = sampleMessages[`${name}Reply`]
  if (name === 'Join') return [{ ...sample, record }]
  // A reply has either a refusal or the result of the command.
  if (name === 'MetadataCommand') return [sample, { ...sample, refusal: null }]
  if (name === 'ConsumerGroup') return sampleGroupResults.map((result) => ({ ...sample, result }))
  if (name === 'Stream') return sampleStreamResults.map((result) => ({ ...sample, result }))
  return [sample]
}

/** The result of a check for fields as they come over the wire: false, or the code that it throws. */
function verdict(message: MessageName, fields: object, check: (fields: never) => boolean): boolean | string {
  const heard = overTheWire(message, fields as Message<MessageName>)
  try {
    return check(heard as never)
  } catch (error) {
    if (error instanceof TailraceError) return error.code
    throw error
  }
}

/** Of the request itself, and of the client for which it is. */
const checkOf = (name: ClusterRequestName) => (fields: never) => {
  return rows[name].handler.check(fields) && askerOf(fields) !== undefined
}

test('the table has each request that exists', () => {
  const elsewhere = peerRequestNames.filter((name) => !(names as string[]).includes(name))
  expect(elsewhere).toEqual(['CascadeReports', 'CascadeStatus', 'AssignSource'])
  expect(names.filter((name) => !peerRequestNames.includes(name))).toEqual([])
  expect(checked.length).toBeGreaterThanOrEqual(14)
})

/** Fields of requests of which any value may be taken: another part decides, or the value has no meaning. */
const openInRequests: ReadonlySet<string> = new Set([
  // The metadata leader refuses these by name, as HTTP does.
  'number intent.CreateTopic.partitions',
  'number intent.CreateTopic.replicas',
  'number intent.CreateTopic.config.value',
  'number intent.SetTopicConfig.changes.value',
  // Only shown.
  'number intent.RegisterBroker.broker.pid',
  // A member that leaves, and its instance comes back.
  'number request.Beat.epoch',
  // A read from the end.
  'number request.Read.offset',
  // What a consumer stores beside its position may be longer than other texts.
  'text request.Commit.positions.metadata',
  'text request.Alter.positions.metadata',
])

describe.each(checked)('the request %s', (name) => {
  it('is taken where it is sound', () => {
    for (const fields of requests(name)) expect(verdict(name, fields, rows[name].handler.check)).toBe(true)
  })

  it('is refused where a number, a text or a list is odd', () => {
    for (const sound of requests(name)) {
      for (const { path, what, fields } of oddFields(name, sound)) {
        // The code that uses the words checks them.
        if (what === 'word' || openInRequests.has(`${what} ${path}`)) continue
        expect(verdict(name, fields, checkOf(name)), `${what} ${path}`).not.toBe(true)
      }
    }
  })
})

const texts = ['reason', 'detail', 'code', 'trouble', 'peer', 'addresses']
/** Texts for people may be any; two brokers may have sent the same address. */
function isOpenInReplies(what: string, path: string): boolean {
  const isText = (what === 'text' || what === 'word') && texts.includes(path.split('.').at(-1)!)
  if (what === 'text' && path.endsWith('.metadata')) return true
  // Names of topics, ids, and what members say of themselves.
  if (what === 'word' && path.startsWith('result.') && !path.endsWith('.state')) return true
  return isText || (what === 'twice' && path === 'addresses')
}

describe.each(checked)('the answer to %s', (name) => {
  it('is taken where it is sound', () => {
    for (const fields of replies(name))
      expect(verdict(`${name}Reply`, fields, rows[name].handler.checkReply)).toBe(true)
  })

  it('is refused where a number, a word or a list is odd', () => {
    for (const sound of replies(name)) {
      const isRefusal = name === 'MetadataCommand' && (sound as { refusal: unknown }).refusal !== null
      for (const { path, what, fields } of isRefusal ? [] : oddFields(`${name}Reply`, sound)) {
        if (isOpenInReplies(what, path)) continue
        expect(verdict(`${name}Reply`, fields, rows[name].handler.checkReply), `${what} ${path}`).not.toBe(true)
      }
    }
  })
})

describe('at a broker', () => {
  let cluster: TestCluster
  beforeAll(async () => {
    cluster = await TestCluster.of(3)
  })

  const ask = async (from: number, name: ClusterRequestName, fields: object) => {
    const heard = overTheWire(name, fields as never)
    const answer = cluster.broker(1).node.handlers.request(from, name, heard as never, new Uint8Array())
    return during(cluster, answer).then(
      () => ({ code: 'none', message: '' }),
      (error: TailraceError) => error,
    )
  }

  it.each(checked)(
    '%s: an odd field is refused with a code, and a broker that is not known as a member for that',
    async (name) => {
      const open = rows[name].askers === 'any'
      for (const sound of requests(name)) {
        const { code, message } = await ask(9, name, sound)
        if (open) expect(message).not.toContain('is not known here as a broker of the cluster')
        else expect([code, message]).toEqual(['NOT_READY', expect.stringContaining('Broker 9 is not known here as a')])
        for (const { path, what, fields } of oddFields(name, sound)) {
          if (what === 'word' || openInRequests.has(`${what} ${path}`)) continue
          expect((await ask(2, name, fields)).code, `${what} ${path}`).toMatch(/^(INVALID_REQUEST|CLUSTER_MISMATCH)$/)
        }
      }
    },
  )

  it('only how a broker becomes a member is open to all', () => {
    const rowsOf = (askers: string) => names.filter((name) => rows[name].askers === askers)
    expect(rowsOf('any')).toEqual(['Formation', 'Join'])
    expect(rowsOf('replicas')).toEqual(['CopyOpen', 'ReadEntries'])
    expect(rowsOf('controllers')).toEqual(['DriveChange', 'MayLead', 'ReturnLeadership'])
  })

  it('what a member may ask whatever it is names its client, or changes nothing', () => {
    const ofMembers = names.filter((name) => rows[name].askers === 'members')
    const unnamed = ofMembers.filter((name) => rows[name].handler.needs === 'no-client')
    // A copy belongs to the broker that has opened it.
    expect(unnamed).toEqual(['BrokerCondition', 'BrokerLoad', 'WatchEnds', 'CopyRead', 'CopyClose'])
  })
})

describe('a broker that asks', () => {
  const answering = (fields: object) =>
    checkedPeers({ request: async () => ({ fields, body: new Uint8Array() }) } as unknown as Peers)

  it.each(checked)('%s: sees a sound answer, and none that no version would send', async (name) => {
    for (const sound of replies(name)) {
      const reply = await answering(sound).request(2, name, {} as never, [], 100)
      expect(reply.fields).toEqual(sound)
    }
    const [sound] = replies(name).slice(-1)
    const odd = [...oddFields(`${name}Reply`, sound!)].find(({ what, path }) => !isOpenInReplies(what, path))
    if (odd === undefined) return
    await expect(answering(odd.fields).request(2, name, {} as never, [], 100)).rejects.toMatchObject({
      code: expect.stringMatching(/^(INCOMPATIBLE_PEER|CLUSTER_MISMATCH|NEWER_FORMAT)$/),
    })
  })

  it('is told which broker has sent which answer', async () => {
    const wrong = { correlation: 1, state: 'perhaps', reason: '' }
    await expect(answering(wrong).request(2, 'DriveChange', { group: 1, change: 1 }, [], 100)).rejects.toThrow(
      'A field of what broker 2 answers to DriveChange is wrong.',
    )
  })
})
