import { type GroupId, type Message, type MessageName, MessageNumber } from '@tailrace/schemas'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { helloOf } from '../../broker/src/doors/peer/handshake/identity-frames.ts'
import { RawPeer } from '../../broker/src/doors/testing/peer-cluster.ts'
import type { PeerIdentity } from '../../broker/src/partition/peers.ts'
import { sampleMessages } from '../../schemas/src/testing/sample-messages.ts'
import { stranger, type WholeBroker, WholeBrokers } from './whole-brokers.ts'

/**
 * What becomes of a message. closed: it is none between brokers that dial, and ends the connection. unheard: dropped
 * and counted. silent: it has no answer, and nothing to count. refused: its sender may not ask it. heard: what it asks
 * is looked at.
 */
type Outcome = 'closed' | 'unheard' | 'silent' | 'refused' | 'heard'

/** What speaks: a broker of no cluster, one that claims to be of this one, and brokers that are. */
type Speaker = 'newcomer' | 'impostor' | 'member without a replica' | 'outcast' | 'replica'
type Rights = Readonly<Record<Speaker, Outcome>>

const all = (outcome: Outcome): Rights => ({
  newcomer: outcome,
  impostor: outcome,
  'member without a replica': outcome,
  outcast: outcome,
  replica: outcome,
})
/** Of clients, answers, frames of the handshake: none is sent to a broker that was dialled, after the handshake. */
const misplaced = all('closed')
/** About the log of one group, hence of its replicas alone. */
const raft: Rights = { ...all('unheard'), replica: 'silent' }
const announcement = raft
/** Kept until its sender is known to be of the cluster, and without an effect on a single group. */
const note = all('silent')
const ofMembers: Rights = { ...all('heard'), newcomer: 'refused', impostor: 'refused' }
const ofReplicas: Rights = { ...all('refused'), replica: 'heard' }
/** Of brokers that may lead the metadata group, which none of these may; leader-return.test.ts has one that may. */
const ofControllers = all('refused')
/** A newcomer becomes a member by them. */
const ofAnyone = all('heard')

/** A new message needs a row here: decide first which brokers may send it. */
const table: Readonly<Record<MessageName, Rights>> = {
  Challenge: misplaced,
  Hello: misplaced,
  HelloReply: misplaced,
  Failure: misplaced,
  Schemas: misplaced,
  Authenticate: misplaced,
  AuthenticateReply: misplaced,
  Append: raft,
  AppendReply: raft,
  Vote: raft,
  VoteReply: raft,
  Heartbeats: raft,
  HeartbeatReplies: raft,
  Leaders: announcement,
  Snapshot: raft,
  TimeoutNow: raft,
  NodeBeat: note,
  Publish: ofMembers,
  PublishReply: misplaced,
  PublishIf: ofMembers,
  PublishIfReply: misplaced,
  Fetch: ofMembers,
  FetchReply: misplaced,
  FindOffset: ofMembers,
  FindOffsetReply: misplaced,
  InitProducer: misplaced,
  InitProducerReply: misplaced,
  Metadata: misplaced,
  MetadataReply: misplaced,
  Brokers: misplaced,
  BrokersReply: misplaced,
  CopyOpen: ofReplicas,
  CopyOpenReply: misplaced,
  // A copy belongs to the broker that has opened it.
  CopyRead: ofMembers,
  CopyReadReply: misplaced,
  CopyClose: ofMembers,
  CopyCloseReply: misplaced,
  ReadEntries: ofReplicas,
  ReadEntriesReply: misplaced,
  Subscribe: misplaced,
  Subscribed: misplaced,
  Records: misplaced,
  Credit: misplaced,
  Unsubscribe: misplaced,
  SubscriptionEnd: misplaced,
  SleepingGroups: note,
  WakeGroups: note,
  Lives: note,
  Witness: note,
  Formation: ofAnyone,
  FormationReply: misplaced,
  Join: ofAnyone,
  JoinReply: misplaced,
  // Any broker passes on what clients and operators ask of it.
  MetadataCommand: ofMembers,
  MetadataCommandReply: misplaced,
  PartitionStatus: ofMembers,
  PartitionStatusReply: misplaced,
  GroupReport: ofMembers,
  GroupReportReply: misplaced,
  DriveChange: ofControllers,
  DriveChangeReply: misplaced,
  ChangeMetadataVoters: ofMembers,
  ChangeMetadataVotersReply: misplaced,
  CancelChange: ofMembers,
  CancelChangeReply: misplaced,
  TransferLeadership: ofMembers,
  TransferLeadershipReply: misplaced,
  DeleteRecords: ofMembers,
  DeleteRecordsReply: misplaced,
  CascadeBeat: misplaced,
  CascadeBeatReply: misplaced,
  CascadeTopics: misplaced,
  CascadeTopicsReply: misplaced,
  CascadeSecurity: misplaced,
  CascadeSecurityReply: misplaced,
  CascadeReports: ofMembers,
  CascadeReportsReply: misplaced,
  CascadeStatus: ofMembers,
  CascadeStatusReply: misplaced,
  AssignSource: ofMembers,
  AssignSourceReply: misplaced,
  MayLead: ofControllers,
  MayLeadReply: misplaced,
  ReturnLeadership: ofControllers,
  ReturnLeadershipReply: misplaced,
  KeepLeadership: ofMembers,
  KeepLeadershipReply: misplaced,
  TakeSnapshot: ofMembers,
  TakeSnapshotReply: misplaced,
  OfferSnapshot: ofMembers,
  OfferSnapshotReply: misplaced,
  BrokerCondition: ofMembers,
  BrokerConditionReply: misplaced,
  ConsumerGroup: ofMembers,
  ConsumerGroupReply: misplaced,
  Stream: ofMembers,
  StreamReply: misplaced,
  WatchEnds: ofMembers,
  WatchEndsReply: misplaced,
  BrokerLoad: ofMembers,
  BrokerLoadReply: misplaced,
}

/** Join comes last: a newcomer is a member afterwards. */
const names = [...(Object.keys(MessageNumber) as MessageName[]).filter((name) => name !== 'Join'), 'Join'] as const
const [WITHOUT, OUTCAST, REMOVED] = [4, 3, 7]

let cluster: WholeBrokers
/** Broker 1 has a replica of both; brokers 2 and 3 are outcasts of the bank, broker 4 has a replica of the shop. */
let groups: { readonly bank: GroupId; readonly shop: GroupId }
let removed: PeerIdentity
/** A connection that broker 7 had when it was removed. */
let ofRemoved: RawPeer

const bank = { kind: 'partition', topic: 'bank', partition: 0 } as const
const target = (): WholeBroker => cluster.broker(1)

async function createOn(name: string, replicas: number[]): Promise<GroupId> {
  const { api, admin } = target().node
  await cluster.during(api.createTopic({ name, partitions: 1, replicas: replicas.length }))
  await cluster.during(admin.changeMembers({ ...bank, topic: name }, replicas))
  const voters = async () => (await cluster.during(admin.members({ ...bank, topic: name }))).voters
  for (let tries = 0; (await voters()).toSorted().join() !== replicas.join(); tries++) {
    expect(tries).toBeLessThan(200)
    await cluster.pass(100)
  }
  return (await cluster.during(admin.describeGroup({ ...bank, topic: name }))).group
}

beforeAll(async () => {
  cluster = await WholeBrokers.of(7)
  groups = { bank: await createOn('bank', [1, 2, 3]), shop: await createOn('shop', [1, 4, 5]) }
  const { admin } = target().node
  await cluster.during(admin.changeMembers({ kind: 'metadata' }, [1, 5, 6]))
  const voters = async () => (await cluster.during(admin.members({ kind: 'metadata' }))).voters.toSorted().join()
  while ((await voters()) !== '1,5,6') await cluster.pass(100)
  removed = cluster.identity(REMOVED)
  const others = [2, OUTCAST, WITHOUT].map((id) => cluster.identity(id))
  await cluster.during(cluster.broker(REMOVED).stop())
  ofRemoved = await cluster.connectAs(removed, 1)
  await cluster.during(admin.removeBroker(REMOVED))

  for (const id of [2, OUTCAST]) await cluster.during(cluster.broker(id).stop())
  await cluster.pass(3000)
  await cluster.during(admin.forceMembers(bank, { members: [1], acceptDataLoss: true, by: 'test' }))
  await cluster.during(cluster.broker(WITHOUT).stop())
  // Broker 1 has a link to each of them, without which it would not hear them.
  for (const identity of others) await cluster.impostor(identity, `b${identity.brokerId}`)
  await cluster.impostor(stranger(cluster, 78), 'x78')
  await cluster.until(() => others.every(({ brokerId }) => target().peers.connected(brokerId)))
  await cluster.pass(3000)
}, 60_000)

afterAll(async () => {
  for (const id of [1, 5, 6]) await cluster.during(cluster.broker(id).stop())
})

function identityOf(speaker: Speaker): PeerIdentity {
  if (speaker === 'newcomer') return stranger(cluster, 77, false)
  if (speaker === 'impostor') return stranger(cluster, 78)
  const identity = cluster.identity(speaker === 'outcast' ? OUTCAST : WITHOUT)
  return { ...identity, formed: true, clusterId: cluster.identity(1).clusterId }
}

/** The sample of a message, about the group. */
function fieldsOf<Name extends MessageName>(name: Name, group: GroupId): Message<Name> {
  const sample: object = sampleMessages[name]
  if (name === 'WakeGroups' || name === 'PartitionStatus') return { ...sample, groups: [group] } as never
  // Below the term of the group, so that also the messages that are heard change nothing.
  const text = JSON.stringify(sample)
  return JSON.parse(text.replaceAll('"group":7', `"group":${group}`).replaceAll(/"term":\d+/g, '"term":1')) as never
}

async function say<Name extends MessageName>(speaker: Speaker, name: Name): Promise<Outcome> {
  const { stats } = target().peers
  const raw = await cluster.connectAs(identityOf(speaker), 1)
  const [unheard, faults] = [stats.unheard, stats.handlerFaults]
  const fields = fieldsOf(name, speaker === 'replica' ? groups.shop : groups.bank)
  raw.send(name, fields)
  for (let passed = 0; passed < 12_000 && raw.frames.length === 0 && !raw.closed; passed += 50) {
    await cluster.pass(50)
    if (passed > 100 && !('correlation' in fields)) break
  }
  expect(stats.handlerFaults).toBe(faults)
  const [answer] = raw.frames
  const wasClosed = raw.closed
  raw.stream.destroy()
  if (wasClosed) return 'closed'
  if (answer?.name === 'Failure') {
    return answer.fields.error.code === 'NOT_READY' ? 'refused' : 'heard'
  }
  if (answer !== undefined && answer.name !== 'HeartbeatReplies') return 'heard'
  return stats.unheard > unheard ? 'unheard' : 'silent'
}

function state(): unknown {
  const { groups: replicas, node } = target()
  const seen = [...replicas.all()].map(({ id, term, leader, configuration }) => ({ id, term, leader, configuration }))
  return { seen, routing: node.api.routing(['bank', 'shop']).topics, topics: node.api.listTopics() }
}

test('the table has a row for each message, and none for others', () => {
  expect(Object.keys(table).toSorted()).toEqual(names.toSorted())
})

const speakers: readonly Speaker[] = ['newcomer', 'impostor', 'outcast', 'member without a replica', 'replica']
describe.each(speakers)('%s', (speaker) => {
  test.each(names)('%s', async (name) => {
    const before = state()
    expect(await say(speaker, name)).toBe(table[name][speaker])
    if (table[name][speaker] !== 'heard') expect(state()).toEqual(before)
  })
})

describe('a broker that was removed', () => {
  test('has lost its connection', () => {
    expect(ofRemoved.closed).toBe(true)
  })

  test('is refused in the handshake, so that no message of it is read', async () => {
    const raw = new RawPeer(await cluster.during(cluster.network.host('b7').connect('b1:7000', 1000)))
    raw.send('Hello', helloOf(removed))
    await cluster.pass(20)
    expect(raw.frames.map(({ name, fields }) => [name, fields])).toMatchObject([
      ['HelloReply', { error: { code: 'BROKER_IDENTITY_MISMATCH' } }],
    ])
    raw.send('Vote', fieldsOf('Vote', groups.bank))
    await cluster.pass(20)
    expect(raw.closed).toBe(true)
  })
})
