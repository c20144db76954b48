import * as consumer from '@tailrace/consumer'
import * as producer from '@tailrace/producer'
import * as sdk from '@tailrace/sdk'
import { expect, it } from 'vitest'

it('has all that its parts have, and each of it once', () => {
  expect({ ...sdk }).toEqual({ ...consumer, ...producer })
  // What both parts export is one thing, or the name would be in neither.
  expect(sdk.TailraceError).toBe(producer.TailraceError)
})
