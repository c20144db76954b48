import { describe, expect, it } from 'vitest'
import { checkGroupList, checkGroupRequest } from './group-request-checks.ts'
import type { GroupRequest } from './group-requests.ts'

const bare = { group: 0 }
const place = { index: 0, term: 0 }

/** The least that each request may say. */
const least: { readonly [Do in GroupRequest['do']]: object } = {
  report: { tail: false },
  drive: { change: 1 },
  'change-metadata': { voters: [1] },
  cancel: {},
  transfer: { to: 0 },
  'may-lead': {},
  return: { to: 1 },
  keep: {},
  snapshot: {},
  offer: { source: 1, place },
}

const wrong: [GroupRequest['do'], object][] = [
  ['report', {}],
  ['report', { tail: 0 }],
  ['drive', { change: 0 }],
  ['drive', { change: 1.5 }],
  ['change-metadata', { voters: [] }],
  ['change-metadata', { voters: [0] }],
  ['change-metadata', { voters: [1, 1] }],
  ['change-metadata', { voters: '1' }],
  ['transfer', { to: -1 }],
  ['return', { to: 0 }],
  ['offer', { source: 0, place }],
  ['offer', { source: 1 }],
  ['offer', { source: 1, place: null }],
  ['offer', { source: 1, place: { index: -1, term: 0 } }],
  ['offer', { source: 1, place: { index: 0, term: '0' } }],
]

describe('a request about a group that another broker sends', () => {
  it.each(Object.entries(least))('%s: the least of it is taken, and nothing without a group', (kind, fields) => {
    const request = { do: kind, ...bare, ...fields }
    expect(checkGroupRequest(request)).toBe(request)
    for (const group of [undefined, null, -1, 0.5, '0', 2 ** 53]) {
      expect(() => checkGroupRequest({ ...request, group })).toThrow(`A field of "${kind}" is missing or wrong.`)
    }
  })

  it.each(wrong)('%s with %j is refused', (kind, fields) => {
    expect(() => checkGroupRequest({ do: kind, ...bare, ...fields })).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    )
  })

  it.each([null, 7, 'report', [], {}, { do: 'toString' }, { do: 'unheard-of' }, { do: 1 }])(
    '%j is one that only a newer broker may know',
    (value) => {
      expect(() => checkGroupRequest(value)).toThrow(expect.objectContaining({ code: 'UNSUPPORTED_MESSAGE' }))
    },
  )

  it('names groups in a list', () => {
    expect(checkGroupList({ groups: [0, 5] })).toEqual([0, 5])
    for (const value of [null, 1, {}, { groups: 0 }, { groups: [-1] }, { groups: ['0'] }]) {
      expect(() => checkGroupList(value)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }))
    }
  })
})
