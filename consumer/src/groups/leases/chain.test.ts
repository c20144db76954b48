import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Chain, type Link } from './chain.ts'

class Item implements Link<Item> {
  isLinked = false
  before: Item | undefined = undefined
  after: Item | undefined = undefined
}

it('has what a set has, in the same order, whatever is added and deleted', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(7))), (changes) => {
      const items = Array.from({ length: 8 }, () => new Item())
      const chain = new Chain<Item>()
      const model = new Set<Item>()
      for (const [isAdded, at] of changes) {
        const item = items[at]!
        if (isAdded) {
          chain.add(item)
          model.add(item)
        } else expect(chain.delete(item)).toBe(model.delete(item))
        const there: Item[] = []
        for (let one = chain.first; one !== undefined; one = one.after) there.push(one)
        expect(there.map((one) => items.indexOf(one))).toEqual([...model].map((one) => items.indexOf(one)))
      }
      for (const item of model) chain.delete(item)
      expect(chain.first).toBeUndefined()
    }),
  )
})
