import {
  decodeConsumerGroupCommands,
  encodeConsumerGroupCommands,
} from '../../../broker/src/consumer-groups/state/commands/command-codec.ts'
import type { ConsumerGroupCommand } from '../../../broker/src/consumer-groups/state/commands/consumer-group-command.ts'
import { ConsumerGroupsMachine } from '../../../broker/src/consumer-groups/state/consumer-groups-machine.ts'
import { ConsumerGroupsState } from '../../../broker/src/consumer-groups/state/consumer-groups-state.ts'
import { MemoryStore } from '../../../broker/src/log/testing/memory-store.ts'
import { ManualClock } from '../../../broker/src/platform/testing/clock.ts'
import { silentLogger } from '../../../broker/src/platform/testing/logger.ts'
import { sealed } from '../../../schemas/src/testing/changed-batches.ts'
import { type FuzzTarget, joined, refusedAs } from '../target.ts'

const BATCH_HEADER_BYTES = 61
const KEY_PREFIX = 'consumer-groups/7/'
const decision = { group: 'billing', at: 1.7e12 }
const member = {
  id: 'm-1',
  instance: 's-1',
  clientId: 'c',
  host: '10.0.0.1',
  principal: 'User:ann',
  rack: 'r',
  sessionMs: 10_000,
  subscribed: { topics: ['flights'], patterns: ['b*'] },
}
const topic = { topic: 'flights', topicId: 't-1' }
const lease = { topicId: 't-1', partition: 0, token: 1 }
const position = { ...topic, partition: 0, offset: 5, term: 1, metadata: 'm' }
const commands: readonly ConsumerGroupCommand[] = [
  { type: 'join', ...decision, member },
  { type: 'join', ...decision, member: { ...member, id: 'm-2', instance: '' } },
  { type: 'assign', ...decision, changedIn: 2, members: ['m-1', 'm-2'], topics: [{ ...topic, owners: [0, 1, -1] }] },
  { type: 'commit', ...decision, member: 'm-1', positions: [{ ...position, token: 1 }] },
  { type: 'delay', ...decision, member: 'm-1', ...lease, offset: 3, due: 1.8e12, attempt: 1 },
  { type: 'assign', ...decision, changedIn: 2, members: ['m-2'], topics: [{ ...topic, owners: [0, 0] }] },
  { type: 'release', ...decision, member: 'm-1', epoch: 4, leases: [lease] },
  { type: 'reset', ...decision, group: 'other', positions: [position] },
]
const others: readonly ConsumerGroupCommand[] = [
  { type: 'leave', ...decision, member: 'm-1' },
  { type: 'forget', ...decision, topicIds: ['t-1'] },
  { type: 'remove', ...decision, group: 'other', emptyBefore: 1.8e12 },
]

/** Entries of a coordinator's log: those that can be read are applied after others. */
export const consumerGroupCommands: FuzzTarget = {
  name: 'consumer-group-command',
  samples: [...commands.map((command) => encodeConsumerGroupCommands([command])), encodeConsumerGroupCommands(others)],
  seal: (input) => (input.length < BATCH_HEADER_BYTES ? input : sealed(input.slice())),
  run(input) {
    const read = decodeConsumerGroupCommands(input)
    if (read === null) return 'refused'
    const state = new ConsumerGroupsState()
    commands.forEach((command, at) => void state.apply(at + 1, [command]))
    state.apply(commands.length + 1, read)
    return 'taken'
  },
}

function open(): ConsumerGroupsMachine {
  const deps = { store: new MemoryStore(), keyPrefix: KEY_PREFIX, clock: new ManualClock(1.7e12), logger: silentLogger }
  return new ConsumerGroupsMachine(deps)
}

async function snapshotBytes(): Promise<Uint8Array> {
  const machine = open()
  commands.forEach((command, at) => {
    machine.apply({ index: at + 1, term: 1 } as never, encodeConsumerGroupCommands([command]))
  })
  const pieces: Uint8Array[] = []
  for await (const piece of (await machine.snapshots.take()).chunks()) pieces.push(piece.slice())
  return joined(pieces)
}

/** A snapshot of consumer groups as another broker sends it. */
export const consumerGroupStates: FuzzTarget = {
  name: 'consumer-groups-snapshot',
  samples: [await snapshotBytes()],
  async run(input) {
    const machine = open()
    async function* chunks(): AsyncIterable<Uint8Array> {
      yield input
    }
    try {
      await machine.snapshots.restore(commands.length, chunks())
    } catch (error) {
      return refusedAs(error, ['STORAGE_CORRUPT', 'NEWER_FORMAT'])
    }
    // A state that was taken must take any command.
    machine.state.apply(commands.length + 1, [...commands, ...others])
    return 'taken'
  },
}
