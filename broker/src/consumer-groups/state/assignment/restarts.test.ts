import { expect, test } from 'vitest'
import { AssignmentHistory, subscribersOfAll } from './testing/assignment-history.ts'

function movesOfRestarts(partitions: number, count: number): number[] {
  const topics = [{ topicId: 't-0', partitions }]
  let members = subscribersOfAll(count, topics)
  const history = new AssignmentHistory()
  history.assign(members, topics)
  history.moves.clear()
  for (let at = 0; at < count; at++) {
    const [restarted] = members.splice(0, 1)
    history.leave(restarted!.id)
    history.assign(members, topics)
    members = [...members, { ...restarted!, id: `again-${at}` }]
    history.assign(members, topics)
  }
  return [...history.moves.values()]
}

test.each([20, 40, 1000])('a rolling restart of 20 members moves each of %i partitions twice at most', (partitions) => {
  expect(Math.max(...movesOfRestarts(partitions, 20))).toBe(2)
})

test.each([7, 33, 1003])(
  'of %i partitions, which 20 members cannot share equally, few move more often',
  (partitions) => {
    const moves = movesOfRestarts(partitions, 20)
    expect(moves.filter((times) => times > 2).length).toBeLessThanOrEqual(partitions % 20)
  },
)
