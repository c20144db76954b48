import { beforeEach, describe, expect, it } from 'vitest'
import type { Ready } from '../../raft/ready.ts'
import { type OdditiesDeps, tellOddities } from './oddities.ts'

const nothing = { lostLogs: [], lostTail: null, cutTail: null, absurdities: [] }
let metrics: { lostTails: number; absurdMessages: number; acknowledgedEntriesCut: number }
let told: string[]
let distrusted: string[]

beforeEach(() => {
  metrics = { lostTails: 0, absurdMessages: 0, acknowledgedEntriesCut: 0 }
  told = []
  distrusted = []
})

function tell(odd: Partial<Ready>): void {
  const logger = { error: () => told.push('error'), warn: () => told.push('warn') }
  const deps = { group: 4, logger, metrics, distrustDisk: (reason: string) => void distrusted.push(reason) }
  tellOddities({ ...nothing, ...odd } as Ready, deps as unknown as OdditiesDeps)
}

describe('an event that should never happen', () => {
  it('is not reported when it has not happened', () => {
    tell({})
    expect([told, distrusted, metrics]).toEqual([
      [],
      [],
      { lostTails: 0, absurdMessages: 0, acknowledgedEntriesCut: 0 },
    ])
  })

  it('is counted for each follower that has lost entries', () => {
    tell({ lostLogs: [2, 3].map((from) => ({ from, acknowledged: 9, has: 5 })) })
    expect([told, metrics.lostTails, distrusted]).toEqual([['error', 'error'], 2, []])
  })

  it('makes the disk distrusted when this replica has lost entries', () => {
    tell({ lostTail: { leader: 2, acknowledged: 9, has: 5 } as Ready['lostTail'] })
    expect([told, metrics.lostTails]).toEqual([['error'], 1])
    expect(distrusted).toEqual(['entries 6 to 9 of group 4 were acknowledged here and are gone'])
  })

  it('is an error where entries that are cut off had been acknowledged, and a warning where not', () => {
    const cut = { leader: 2, from: 5, to: 9 }
    tell({ cutTail: { ...cut, acknowledged: false } })
    expect([told, metrics.acknowledgedEntriesCut]).toEqual([['warn'], 0])
    tell({ cutTail: { ...cut, acknowledged: true } })
    tell({ cutTail: { ...cut, acknowledged: true } })
    expect([told, metrics.acknowledgedEntriesCut]).toEqual([['warn', 'error', 'error'], 10])
  })

  it('is counted for each message that no correct replica sends', () => {
    tell({ absurdities: ['one', 'two'] })
    expect([told, metrics.absurdMessages]).toEqual([['error', 'error'], 2])
  })
})
