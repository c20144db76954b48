import fc from 'fast-check'
import { expect, test } from 'vitest'
import { MemoryStore } from '../../log/testing/memory-store.ts'
import { ManualClock } from '../../platform/testing/clock.ts'
import { silentLogger } from '../../platform/testing/logger.ts'
import { decodeConsumerGroupCommands, encodeConsumerGroupCommands } from './commands/command-codec.ts'
import type { ConsumerGroupCommand } from './commands/consumer-group-command.ts'
import { ConsumerGroupsMachine } from './consumer-groups-machine.ts'
import { ConsumerGroupsState } from './consumer-groups-state.ts'
import { commandOf, contentOf, type Wish, wish } from './testing/consumer-group-commands.ts'
import { ConsumerGroupsReference } from './testing/consumer-groups-reference.ts'

const runs = { numRuns: 400 }
const wishes = fc.array(fc.array(wish, { minLength: 1, maxLength: 3 }), { maxLength: 60 })

/** Carries the wishes out, one entry for each list, and calls `seen` behind each. */
function carryOut(
  entries: readonly (readonly Wish[])[],
  state: ConsumerGroupsState,
  seen: (index: number, commands: readonly ConsumerGroupCommand[]) => void,
): void {
  entries.forEach((some, at) => {
    const commands = some.map((one) => commandOf(one, state, 1000 + at))
    seen(at + 1, commands)
  })
}

test('leases, tokens and positions are those of the plain rules', () => {
  fc.assert(
    fc.property(wishes, (entries) => {
      const state = new ConsumerGroupsState()
      const reference = new ConsumerGroupsReference()
      carryOut(entries, state, (index, commands) => {
        // One at a time, so that each is judged by the state before it.
        for (const command of commands) {
          const before = structuredClone(contentOf(state))
          const [outcome] = state.apply(index, [command], 1).outcomes
          reference.judge(command, outcome!, state)
          if (!outcome!.ok)
            expect({ ...(contentOf(state) as object), head: null }).toEqual({ ...(before as object), head: null })
        }
      })
    }),
    runs,
  )
})

test('a broker that restarts at any place, or gets a snapshot at any place, comes to the same state', async () => {
  await fc.assert(
    fc.asyncProperty(wishes, fc.nat(60), fc.nat(60), async (entries, restart, copy) => {
      const alone = new ConsumerGroupsState()
      const log: Uint8Array[] = []
      carryOut(entries, alone, (index, commands) => {
        alone.apply(index, commands, 1)
        log.push(encodeConsumerGroupCommands(commands))
      })
      const open = async (store: MemoryStore): Promise<ConsumerGroupsMachine> => {
        const keyPrefix = 'consumer-groups/7/'
        const machine = new ConsumerGroupsMachine({ store, keyPrefix, clock: new ManualClock(), logger: silentLogger })
        await machine.load()
        return machine
      }
      const run = (machine: ConsumerGroupsMachine, to: number): void => {
        for (let index = machine.appliedIndex + 1; index <= Math.min(to, log.length); index++) {
          machine.apply({ index, term: 1 } as never, log[index - 1]!)
        }
      }
      const store = new MemoryStore()
      let machine = await open(store)
      run(machine, restart)
      await machine.snapshots.flush()
      machine = await open(store)
      run(machine, copy)
      const snapshot = await machine.snapshots.take()
      run(machine, log.length)
      const other = await open(new MemoryStore())
      run(other, copy % 7)
      if (snapshot.index > 0) await other.snapshots.restore(snapshot.index, snapshot.chunks())
      run(other, log.length)
      await other.snapshots.flush()
      for (const some of [machine, other]) expect(contentOf(some.state)).toEqual(contentOf(alone))
    }),
    { numRuns: 100 },
  )
})

test('every command is read as it was written', () => {
  fc.assert(
    fc.property(wishes, (entries) => {
      const state = new ConsumerGroupsState()
      carryOut(entries, state, (index, commands) => {
        expect(decodeConsumerGroupCommands(encodeConsumerGroupCommands(commands))).toMatchObject(commands)
        state.apply(index, commands)
      })
    }),
    { numRuns: 50 },
  )
})
