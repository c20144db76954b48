import { expect, it } from 'vitest'
import { ClientShares } from './client-shares.ts'

it('one client takes three quarters at most, all together the limit, and places given back can be taken again', () => {
  const shares = new ClientShares(6)
  const takes = (client: string, count: number) => Array.from({ length: count }, () => shares.take(client))
  expect(takes('a', 6)).toEqual([true, true, true, true, true, false])
  expect(takes('b', 2)).toEqual([true, false])
  expect(shares.taken).toBe(6)
  shares.release('a')
  expect(shares.taken).toBe(5)
  expect(takes('a', 2)).toEqual([true, false])
  for (let at = 0; at < 5; at++) shares.release('a')
  expect(shares.taken).toBe(1)
  expect(takes('a', 6)).toEqual([true, true, true, true, true, false])
})
