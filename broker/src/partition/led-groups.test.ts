import { TailraceError } from '@tailrace/schemas'
import { beforeEach, describe, expect, it } from 'vitest'
import { silentLogger } from '../platform/testing/logger.ts'
import type { Group } from './group.ts'
import { LedGroups } from './led-groups.ts'

const GROUP = 7

class Machine {
  unreadable: TailraceError | null = null
  isClosed = false

  async close(): Promise<void> {
    this.isClosed = true
  }
}

interface Leader {
  readonly term: number
  readonly machine: Machine
  endedBy: string | undefined
  end(error: TailraceError): void
}

let replica: { isLeader: boolean; term: number; confirmed: () => Promise<void> }
let confirmed: PromiseWithResolvers<void>
let begun: Leader[]
let led: LedGroups<Machine, Leader>

beforeEach(() => {
  confirmed = Promise.withResolvers()
  replica = { isLeader: true, term: 3, confirmed: () => confirmed.promise }
  begun = []
  led = new LedGroups<Machine, Leader>({
    groups: { get: (group) => (group === GROUP ? (replica as unknown as Group) : undefined) },
    begin: ({ term }, machine) => {
      const leader: Leader = { term, machine, endedBy: undefined, end: ({ code }) => void (leader.endedBy = code) }
      begun.push(leader)
      return leader
    },
    cannotBegin: 'not yet',
    logger: silentLogger,
  })
})

const open = (machine = new Machine()) => led.open(GROUP, async () => machine)
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('a group that this broker leads', () => {
  it('begins once in a term, asked for or not, when its state has all that a former leader has acknowledged', async () => {
    const machine = await open()
    led.leadershipChanged(GROUP)
    const asked = led.leaderOf(GROUP)
    await turn()
    expect(begun).toEqual([])
    confirmed.resolve()
    expect((await asked).machine).toBe(machine)
    expect(await led.leaderOf(GROUP)).toBe(begun[0])
    expect(begun.length).toBe(1)
    expect([led.inTerm(GROUP, 3), led.inTerm(GROUP, 4)]).toEqual([begun[0], undefined])
  })

  it('ends with its term, and begins anew in the next one', async () => {
    await open()
    confirmed.resolve()
    await led.leaderOf(GROUP)
    replica.term = 4
    led.leadershipChanged(GROUP)
    expect(begun[0]!.endedBy).toBe('NOT_LEADER')
    await turn()
    expect(begun.map(({ term }) => term)).toEqual([3, 4])
    replica.isLeader = false
    led.leadershipChanged(GROUP)
    expect([begun[1]!.endedBy, led.leading.size]).toEqual(['NOT_LEADER', 0])
    await expect(led.leaderOf(GROUP)).rejects.toMatchObject({ code: 'NOT_LEADER' })
  })

  it('is not led by one that lost it while that was confirmed', async () => {
    await open()
    const asked = led.leaderOf(GROUP)
    replica.isLeader = false
    confirmed.resolve()
    await expect(asked).rejects.toMatchObject({ code: 'NOT_LEADER' })
    expect(begun).toEqual([])
  })

  it('is not led without a machine, with one that cannot go on, or after the end', async () => {
    confirmed.resolve()
    await expect(led.leaderOf(GROUP)).rejects.toMatchObject({ code: 'NOT_LEADER' })
    await expect(led.leaderOf(8)).rejects.toMatchObject({ code: 'NOT_LEADER' })
    const machine = await open()
    machine.unreadable = new TailraceError('NEWER_FORMAT')
    await expect(led.leaderOf(GROUP)).rejects.toMatchObject({ code: 'NEWER_FORMAT' })
    machine.unreadable = null
    await led.leaderOf(GROUP)
    await led.close()
    expect([begun[0]!.endedBy, machine.isClosed]).toEqual(['NOT_LEADER', true])
    await expect(led.leaderOf(GROUP)).rejects.toMatchObject({ code: 'NOT_LEADER' })
  })

  it('ends with its replica; a machine that is opened again closes the one before', async () => {
    confirmed.resolve()
    const [first, second] = [await open(), await open()]
    expect([first.isClosed, second.isClosed]).toEqual([true, false])
    await led.leaderOf(GROUP)
    await led.forget(GROUP)
    expect([begun[0]!.endedBy, second.isClosed, led.machines.size]).toEqual(['NOT_LEADER', true, 0])
  })
})
