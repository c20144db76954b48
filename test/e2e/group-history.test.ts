import { expect, it } from 'vitest'
import { faultsOf, type MemberEvent, movesOf } from './group-history.ts'

type Step = readonly [token: number, offset: number, begun: number, committed?: number]

const history = (...steps: Step[]): MemberEvent[] =>
  steps.flatMap(([token, offset, begun, committed]): MemberEvent[] => [
    { kind: 'begun', at: begun, partition: 0, offset, token },
    ...(committed === undefined
      ? []
      : [{ kind: 'committed', sentAt: begun, at: committed, partition: 0, offset, token } as const]),
  ])

it.each<[string, Step[], RegExp | null]>([
  [
    'a lease that goes on where the last one has ended',
    [
      [1, 0, 0, 1],
      [1, 1, 2, 3],
      [2, 2, 4, 5],
    ],
    null,
  ],
  [
    'a record that was not committed and comes again',
    [
      [1, 0, 0, 1],
      [1, 1, 2],
      [2, 1, 4, 5],
      [2, 2, 6, 7],
    ],
    null,
  ],
  [
    'a record that nobody has handled',
    [
      [1, 0, 0, 1],
      [2, 2, 4, 5],
    ],
    /nobody has handled 1 records, the first is 1/,
  ],
  [
    'a record that was handed out under an old lease',
    [
      [1, 0, 0, 1],
      [2, 1, 2, 3],
      [1, 1, 4],
      [2, 2, 5, 6],
    ],
    /handed out/,
  ],
  [
    'a commit under an old lease',
    [
      [1, 0, 0, 1],
      [1, 1, 2, 9],
      [2, 1, 3, 4],
      [1, 2, 5, 6],
      [2, 2, 7, 8],
    ],
    /committed under/,
  ],
  [
    'a commit that was lost',
    [
      [1, 0, 0, 1],
      [1, 1, 2, 3],
      [2, 0, 4, 5],
      [2, 1, 6, 7],
      [2, 2, 8, 9],
    ],
    /2 was committed/,
  ],
  [
    'a record that was left out',
    [
      [1, 0, 0, 1],
      [1, 2, 2, 3],
      [2, 1, 4, 5],
    ],
    /2 came after 0/,
  ],
])('the check of a history finds %s', (_, steps, fault) => {
  const found = faultsOf(history(...steps), [3]).join('\n')
  if (fault === null) expect(found).toBe('')
  else expect(found).toMatch(fault)
})

it('counts the moves of partitions to other members', () => {
  const assigned = (partition: number, token: number) => ({ kind: 'assigned', at: token, partition, token }) as const
  const members = [
    [assigned(0, 1), assigned(1, 2), assigned(0, 5)],
    [assigned(1, 3), assigned(0, 4)],
  ]
  expect(movesOf(members, 3)).toEqual([2, 1, 0])
})
