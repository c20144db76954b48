import { type ErrorCode, TailraceError } from '@tailrace/schemas'
import { expect, test } from 'vitest'
import { ManualClock } from '../../platform/testing/clock.ts'
import { seededRandom } from '../../platform/testing/random.ts'
import { commandResultFields } from '../metadata/intents/command-result-fields.ts'
import type { Intent } from '../metadata/metadata-leader.ts'
import { type CommandResult, MetadataState } from '../metadata/metadata-state.ts'
import { MetadataClient, type MetadataClientDeps } from './metadata-client.ts'

const intent = { type: 'delete-topic', name: 'a' } as unknown as Intent

/** Broker 1, whose attempts end as `ends` say; broker 2 leads by default. */
function broker(leader: number, ...ends: (ErrorCode | object)[]) {
  const clock = new ManualClock()
  const world = { leader }
  const attempts: [to: number, id: string][] = []
  const denied: unknown[] = []
  const attempt = (to: number, id: string): object => {
    attempts.push([to, id])
    const end = ends.shift() ?? { ok: true, index: 9 }
    if (typeof end === 'string') throw new TailraceError(end as ErrorCode)
    return end
  }
  const client = new MetadataClient({
    self: 1,
    state: new MetadataState(),
    leader: { execute: async ({ id }: { id: string }) => attempt(1, id) } as unknown as MetadataClientDeps['leader'],
    directory: {
      lookup: () => ({ leader: world.leader, term: 4 }),
      deny: (_group: number, leadership: unknown) => void denied.push(leadership),
      until: (condition: () => boolean, ms: number) =>
        new Promise<boolean>((resolve) => {
          const look = (left: number): void => {
            if (condition()) resolve(true)
            else if (left <= 0) resolve(false)
            else clock.after(Math.min(left, 10), () => look(left - 10))
          }
          look(ms)
        }),
    } as unknown as MetadataClientDeps['directory'],
    peers: {
      request: async (to: number, _name: string, { id }: { id: string }) => {
        return { fields: commandResultFields(attempt(to, id) as CommandResult) }
      },
    } as unknown as MetadataClientDeps['peers'],
    clock,
    random: seededRandom(1),
  })
  const submit = async (ms: number): Promise<unknown> => {
    let outcome: unknown = 'pending'
    client.submit(intent, 1000).then(
      ({ index }) => (outcome = index),
      ({ code }) => (outcome = code),
    )
    await clock.advance(ms)
    return outcome
  }
  return { world, clock, attempts, denied, submit }
}

test.each([1, 2])('a command goes to the leader, broker %i', async (leader) => {
  const { attempts, submit } = broker(leader)
  expect(await submit(0)).toBe(9)
  expect(attempts.map(([to]) => to)).toEqual([leader])
})

test('without a leader no request is sent, and it is known that the command was never proposed', async () => {
  const { attempts, submit } = broker(0)
  expect(await submit(990)).toBe('pending')
  const { submit: again } = broker(0)
  expect(await again(2000)).toBe('LEADER_UNAVAILABLE')
  expect(attempts).toEqual([])
})

test('it is sent when a broker leads', async () => {
  const { world, clock, attempts, submit } = broker(0)
  clock.after(300, () => {
    world.leader = 2
  })
  expect(await submit(400)).toBe(9)
  expect(attempts.map(([to]) => to)).toEqual([2])
})

test('it is repeated under the same id after a refusal and after a lost answer, and the broker that refused is not taken for the leader', async () => {
  const { attempts, denied, submit } = broker(2, 'NOT_LEADER', 'CONNECTION_LOST')
  expect(await submit(900)).toBe(9)
  expect(new Set(attempts.map(([, id]) => id)).size).toBe(1)
  expect([attempts.length, denied]).toEqual([3, [{ leader: 2, term: 4 }]])
})

test('when time is over it says whether the command may have been proposed', async () => {
  const refusals = Array.from({ length: 100 }, (): ErrorCode => 'NOT_LEADER')
  expect(await broker(2, ...refusals).submit(3000)).toBe('LEADER_UNAVAILABLE')
  expect(await broker(2, 'CONNECTION_LOST', ...refusals).submit(3000)).toBe('OUTCOME_UNKNOWN')
})

test('a refused command is not tried again', async () => {
  const { attempts, submit } = broker(2, { ok: false, code: 'UNKNOWN_TOPIC', detail: '' })
  expect(await submit(900)).toBe('UNKNOWN_TOPIC')
  const other = broker(2, 'DISK_FULL')
  expect([await other.submit(900), attempts.length, other.attempts.length]).toEqual(['DISK_FULL', 1, 1])
})
