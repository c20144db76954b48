import { describe, expect, test } from 'vitest'
import { entityText, faultOfEntity, faultOfQuota, orderedQuota, quotaKey } from './quota.ts'

const nobody = { principal: null, clientId: null, address: null }

describe('an entity', () => {
  test.each([
    [{ principal: 'User:ann' }, 'User:ann'],
    [{ principal: '*', clientId: 'loader' }, 'each principal, client loader'],
    [{ principal: 'Cascade:101', address: '*' }, 'Cascade:101, each address'],
    [{ clientId: '*', address: '2001:db8::1' }, 'each client id, from 2001:db8::1'],
  ])('%j is sound', (fields, text) => {
    expect(faultOfEntity({ ...nobody, ...fields })).toBeNull()
    expect(entityText({ ...nobody, ...fields })).toBe(text)
  })

  test.each([
    [{}, 'one of principal, clientId, address'],
    [{ principal: 'ann' }, 'principal'],
    [{ principal: 'User:*' }, 'principal'],
    [{ principal: 'Group:g' }, 'principal'],
    [{ principal: '' }, 'principal'],
    [{ principal: undefined }, 'principal'],
    [{ clientId: 'a b' }, 'client id'],
    [{ clientId: 7 }, 'client id'],
    [{ address: 'example.org' }, 'address'],
    [{ address: ['10.0.0.1'] }, 'address'],
  ])('%j is refused', (fields, named) => {
    expect(faultOfEntity({ ...nobody, ...fields })).toContain(named)
  })
})

test.each([
  [{}, 'one limit at least'],
  [null, 'one limit at least'],
  [[1], 'one limit at least'],
  [{ colours: 1 }, 'The limits of a quota are'],
  [{ connections: 0 }, 'connections is a whole number'],
  [{ connections: -1 }, 'connections'],
  [{ requestsPerSecond: 1.5 }, 'requestsPerSecond'],
  [{ requestsPerSecond: '5' }, 'requestsPerSecond'],
  [{ requestsPerSecond: Number.NaN }, 'requestsPerSecond'],
  [{ produceBytesPerSecond: 2e15 }, 'produceBytesPerSecond'],
])('the limits %j are refused', (limits, named) => {
  expect(faultOfQuota({ entity: { ...nobody, principal: '*' }, limits })).toContain(named)
})

test('whatever the order of its fields, a quota has one key and one form', () => {
  const [a, b] = [
    { entity: { principal: 'User:a', clientId: null, address: '*' }, limits: { connections: 1, topicsPerHour: 2 } },
    { entity: { address: '*', clientId: null, principal: 'User:a' }, limits: { topicsPerHour: 2, connections: 1 } },
  ] as const
  expect(quotaKey(a.entity)).toBe(quotaKey(b.entity))
  expect(JSON.stringify(orderedQuota(a))).toBe(JSON.stringify(orderedQuota(b)))
  expect(quotaKey(a.entity)).not.toBe(quotaKey({ ...a.entity, clientId: '*' }))
})
