import { describe, expect, test } from 'vitest'
import type { Quota, QuotaEntity } from '../../api/quotas.ts'
import { QuotaIndex } from './quota-index.ts'

const quota = (entity: Partial<QuotaEntity>, connections: number): Quota => ({
  entity: { principal: null, clientId: null, address: null, ...entity },
  limits: { connections },
})
const ann = { principal: 'User:ann', clientId: 'a', address: '10.0.0.1' }
const find = (quotas: readonly Quota[], asker = ann) =>
  new QuotaIndex(quotas, (address) => address).find('connections', asker)

/** The most specific first: KIP-13, with the address behind. */
const order: readonly Partial<QuotaEntity>[] = [
  { principal: 'User:ann', clientId: 'a', address: '10.0.0.1' },
  { principal: 'User:ann', clientId: 'a', address: '*' },
  { principal: 'User:ann', clientId: 'a' },
  { principal: 'User:ann', clientId: '*' },
  { principal: 'User:ann', address: '10.0.0.1' },
  { principal: 'User:ann' },
  { principal: '*', clientId: 'a' },
  { principal: '*', clientId: '*' },
  { principal: '*' },
  { clientId: 'a' },
  { clientId: '*' },
  { address: '10.0.0.1' },
  { address: '*' },
]

describe('of the quotas that are about a client the most specific holds', () => {
  test.each(order.map((entity, at) => [at, entity] as const))('%i: %j', (at) => {
    const rest = order.slice(at).map((entity, index) => quota(entity, at + index + 1))
    expect(find(rest)?.limit).toBe(at + 1)
    expect(find(rest.toReversed())?.limit).toBe(at + 1)
  })

  test('for each kind of limit by itself', () => {
    const index = new QuotaIndex(
      [{ ...quota({ principal: 'User:ann' }, 1), limits: { requestsPerSecond: 5 } }, quota({ principal: '*' }, 7)],
      (address) => address,
    )
    expect(index.find('requestsPerSecond', ann)?.limit).toBe(5)
    expect(index.find('connections', ann)?.limit).toBe(7)
    expect(index.find('topicsPerHour', ann)).toBeNull()
  })
})

test('others are not limited', () => {
  const named = [quota({ principal: 'User:bob' }, 1), quota({ clientId: 'b' }, 2), quota({ address: '10.0.0.2' }, 3)]
  expect(find(named)).toBeNull()
  expect(find([])).toBeNull()
})

test('each by itself has a share of its own, and a limit that names one field is shared by all that have it', () => {
  const bob = { ...ann, principal: 'User:bob' }
  const each = [quota({ principal: '*' }, 1)]
  expect(find(each)?.key).not.toBe(find(each, bob)?.key)
  expect(find(each)?.key).toBe(find(each, { ...ann, clientId: 'b', address: '10.0.0.9' })?.key)
  expect(find(each)?.entity).toBe('User:ann')
  const named = [quota({ clientId: 'a' }, 1)]
  expect(find(named)?.key).toBe(find(named, bob)?.key)
  expect(find([quota({ clientId: '*' }, 1)], { ...ann, clientId: '' })?.limit).toBe(1)
})

test('a cascade broker is limited only by a quota that names it', () => {
  const cascade = { ...ann, principal: 'Cascade:101' }
  expect(
    find([quota({ principal: '*' }, 1), quota({ address: '*' }, 1), quota({ clientId: 'a' }, 1)], cascade),
  ).toBeNull()
  expect(find([quota({ principal: 'Cascade:101' }, 4)], cascade)?.limit).toBe(4)
})

test('addresses are compared in the form of the askers', () => {
  const index = new QuotaIndex([quota({ address: 'X' }, 1)], (address) => address.toLowerCase())
  expect(index.find('connections', { ...ann, address: 'x' })?.limit).toBe(1)
})
