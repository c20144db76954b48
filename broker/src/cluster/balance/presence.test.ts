import { expect, it } from 'vitest'
import { Presence } from './presence.ts'

const up = (...ids: number[]) => new Map(ids.map((id) => [id, `i${id}`]))

it('a broker is steady at its second look without a start in between', () => {
  const presence = new Presence()
  presence.look([1, 2], up(1), 0)
  expect([presence.isSteady(1), presence.isSteady(2)]).toEqual([false, false])
  presence.look([1, 2], up(1, 2), 10)
  expect([presence.isSteady(1), presence.isSteady(2)]).toEqual([true, false])
  presence.look(
    [1, 2],
    new Map([
      [1, 'again'],
      [2, 'i2'],
    ]),
    20,
  )
  expect([presence.isSteady(1), presence.isSteady(2)]).toEqual([false, true])
})

it('a broker is away since the first look that misses it', () => {
  const presence = new Presence()
  presence.look([1, 2], up(1, 2), 0)
  presence.look([1, 2], up(1), 10)
  presence.look([1, 2], up(1), 30)
  expect([presence.awayMs(1, 40), presence.awayMs(2, 40)]).toEqual([0, 30])
  presence.look([1, 2], up(1, 2), 50)
  presence.look([1, 2], up(1), 60)
  expect(presence.awayMs(2, 65)).toBe(5)
  presence.look([1], up(1), 70)
  expect(presence.awayMs(2, 80)).toBe(0)
  presence.look([1, 2], up(), 90)
  presence.forget()
  expect(presence.awayMs(1, 95)).toBe(0)
})
