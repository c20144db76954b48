import { expect, test } from 'vitest'
import type { CopySource } from '../copies/copy-source.ts'
import type { Replica } from '../replica/replica.ts'
import { GroupAnswers } from './group-answers.ts'

const opened: number[] = []
const source = { answerOpen: async (from: number) => void opened.push(from) } as unknown as CopySource

function replicaThat(driver: object, incomplete = false): Replica {
  return { driver: { stopped: false, inQuarantine: false, ...driver }, incomplete } as unknown as Replica
}

test.each([
  ['is not here', undefined, 'UNKNOWN_PARTITION'],
  ['has stopped', replicaThat({ stopped: true }), 'UNKNOWN_PARTITION'],
  ['has lost entries', replicaThat({ inQuarantine: true }), 'NOT_READY'],
  ['is being brought up to date', replicaThat({}, true), 'NOT_READY'],
])('a replica that %s gives no copy', async (_, replica, code) => {
  const answers = new GroupAnswers(source, () => replica)
  const fields = { correlation: 1, group: 5, lastIndex: 0, lastTerm: 0 }
  const request = async () => answers.answer(2, 'CopyOpen', fields)
  await expect(request()).rejects.toMatchObject({ code })
  expect(opened).toEqual([])
})

test('a sound replica does', async () => {
  const fields = { correlation: 1, group: 5, lastIndex: 0, lastTerm: 0 }
  await new GroupAnswers(source, () => replicaThat({})).answer(2, 'CopyOpen', fields)
  expect(opened).toEqual([2])
})
