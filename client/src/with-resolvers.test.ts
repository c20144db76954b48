import { expect, it } from 'vitest'
import { withResolvers } from './with-resolvers.ts'

it('gives a promise and both ways to settle it', async () => {
  const [first, second] = [withResolvers<number>(), withResolvers<number>()]
  first.resolve(1)
  second.reject(new Error('no'))
  expect(await first.promise).toBe(1)
  await expect(second.promise).rejects.toThrow('no')
})
