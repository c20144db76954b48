import type { BrokerId } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import type { PeerIdentity, Peers } from '../../partition/peers.ts'
import { MemoryDisk } from '../../platform/memory/disk.ts'
import { ManualClock, settled } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import { formationOf } from '../metadata/formation-record.ts'
import { Formation } from './formation.ts'
import { IdentityFile } from './identity-file.ts'

/**
 * Broker 1 of a cluster of two, to which broker 2 comes without its record; the answer to the offer of it is up to the
 * test.
 */
async function offering() {
  const file = new IdentityFile(new MemoryDisk(), 'data', 1)
  await file.load(seededRandom(1))
  const member = { id: 2, directoryId: 'two', peer: 'two:1' }
  await file.saveFormation(formationOf([{ id: 1, directoryId: file.directoryId, peer: 'one:1' }, member]), 0)
  const removed = new Map<BrokerId, { directoryId: string }>()
  const answer = Promise.withResolvers<never>()
  const identity: PeerIdentity = {
    brokerId: 2,
    directoryId: 'two',
    incarnation: 'i',
    clusterId: '',
    peer: 'two:1',
    http: '',
    formed: false,
  }
  const peers = {
    request: () => answer.promise,
    connected: () => true,
    identity: () => identity,
  } as unknown as Pick<Peers, 'request' | 'connected' | 'identity'>
  const formation = new Formation({
    brokerId: 1,
    peerAddress: 'one:1',
    join: ['one:1', 'two:1'],
    file,
    peers,
    clock: new ManualClock(0),
    logger: silentLogger,
    onFormed: () => {},
    whenVoting: async () => {},
    members: { brokers: new Map(), joined: new Map(), removed },
  })
  formation.link(2, true)
  return { formation, removed, answered: () => answer.resolve({} as never) }
}

test('a broker that takes the record is trusted', async () => {
  const { formation, answered } = await offering()
  expect(formation.trusts(2)).toBe(false)
  answered()
  await settled()
  expect(formation.trusts(2)).toBe(true)
})

test('a broker that was removed while the record was in flight is not trusted when the answer comes', async () => {
  const { formation, removed, answered } = await offering()
  removed.set(2, { directoryId: 'two' })
  formation.memberChanged(2)
  answered()
  await settled()
  expect(formation.trusts(2)).toBe(false)
})

test('a broker that is removed is not trusted from then on, also before the change is announced', async () => {
  const { formation, removed, answered } = await offering()
  answered()
  await settled()
  removed.set(2, { directoryId: 'two' })
  expect(formation.trusts(2)).toBe(false)
})

test('a record is taken from a broker that it names, with the data directory that it has, and from no other', async () => {
  const { formation } = await offering()
  const record = formation.record!
  await formation.receive(2, record)
  expect(formation.trusts(2)).toBe(true)
  const [own] = record.voters
  for (const others of [
    [],
    [{ id: 2, directoryId: 'another', peer: 'two:1' }],
    [{ id: 3, directoryId: 'two', peer: 'two:1' }],
  ]) {
    const { formation: one } = await offering()
    const offered = formationOf([{ ...one.record!.voters[0]! }, ...others])
    await expect(one.receive(2, offered)).rejects.toMatchObject({
      code: others[0]?.id === 2 ? 'BROKER_IDENTITY_MISMATCH' : 'CLUSTER_MISMATCH',
      message: expect.not.stringContaining('This broker is in'),
    })
    expect(one.trusts(2)).toBe(false)
  }
  const without = formationOf([{ ...own!, directoryId: 'wiped' }, record.voters[1]!])
  await expect(formation.receive(2, without)).rejects.toMatchObject({
    code: 'BROKER_IDENTITY_MISMATCH',
  })
})
