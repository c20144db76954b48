import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { formationOf } from '../metadata/formation-record.ts'
import { JoinRequests, type JoinRequestsDeps } from './join-requests.ts'

/** Broker 1 of a cluster that 1 and 2 have founded; the broker that asks has this data directory. */
function member(directoryId: string | undefined, formed = true, brokersProve = false, proved?: boolean) {
  const record = formationOf([
    { id: 1, directoryId: 'one', peer: 'one:1' },
    { id: 2, directoryId: 'two', peer: 'two:1' },
  ])
  const submitted: unknown[] = []
  const identity = { directoryId, peer: 'x:1', http: 'x:2', ...(proved && { proved }) }
  const admission = new JoinRequests({
    brokerId: 1,
    brokersProve,
    clock: new ManualClock(5000),
    formation: () => (formed ? record : null),
    addresses: () => ['one:1', 'two:1'],
    peers: {
      identity: () => (directoryId === undefined ? undefined : identity),
    } as unknown as JoinRequestsDeps['peers'],
    client: {
      submit: async (command: unknown) => {
        submitted.push(command)
        return { ok: true, index: 80 }
      },
    } as unknown as JoinRequestsDeps['client'],
  })
  return { admission, record, submitted }
}

test('a founder is admitted as the founder that it was', async () => {
  const { admission, record, submitted } = member('two')
  expect(await admission.receive(2)).toEqual({ record, admission: 0, addresses: ['one:1', 'two:1'] })
  expect(submitted).toEqual([])
})

test.each([
  ['a newcomer', 3, 'three'],
  ["a founder's id with another data directory", 2, 'wiped'],
  ["a newcomer with a founder's data directory", 3, 'two'],
])('%s is for the metadata to decide', async (_, from, directoryId) => {
  const { admission, record, submitted } = member(directoryId)
  expect(await admission.receive(from)).toEqual({ record, admission: 80, addresses: ['one:1', 'two:1'] })
  const joining = { id: from, directoryId, peer: 'x:1', http: 'x:2' }
  expect(submitted).toEqual([{ type: 'join-broker', joining, at: 5000, broker: 1 }])
})

test('no broker is admitted without a cluster, or without an identity', async () => {
  for (const { admission } of [member('three', false), member(undefined)]) {
    await expect(admission.receive(3)).rejects.toMatchObject({ code: 'NOT_READY' })
  }
})

test('where brokers can prove themselves, one that has not is not admitted, nor taken for a founder', async () => {
  for (const directoryId of ['two', 'three']) {
    const { admission, submitted } = member(directoryId, true, true)
    await expect(admission.receive(2)).rejects.toMatchObject({ code: 'PEER_NOT_AUTHENTICATED' })
    expect(submitted).toEqual([])
  }
  expect(await member('three', true, true, true).admission.receive(3)).toMatchObject({ admission: 80 })
})
