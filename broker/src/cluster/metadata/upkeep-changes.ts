import type { SetBalancing, SetDraining, UpkeepCommand } from './commands/upkeep-commands.ts'
import type { Change, MetadataTables } from './metadata-model.ts'
import { refused } from './metadata-model.ts'

/** Applies a command about the spread of replicas; as pure as MetadataState. */
export function performUpkeepCommand(state: MetadataTables, command: UpkeepCommand): Change {
  switch (command.type) {
    case 'set-draining':
      return drain(state, command)
    case 'set-balancing':
      return balance(state, command)
  }
}

function drain(state: MetadataTables, { drained, draining, at, broker, by }: SetDraining): Change {
  if (draining && state.removed.has(drained)) {
    return refused('UNKNOWN_BROKER', `Broker ${drained} was removed from the cluster.`)
  }
  const others = state.upkeep.draining.filter((id) => id !== drained)
  const wanted = draining ? [...others, drained].sort((a, b) => a - b) : others
  if (wanted.length === state.upkeep.draining.length) return { result: { ok: true, index: state.head.appliedIndex } }
  state.upkeep = { ...state.upkeep, draining: wanted }
  const action = draining ? 'drain-broker' : 'undrain-broker'
  return changed(state, { at, broker, by, action, target: `broker ${drained}`, detail: '' })
}

function balance(state: MetadataTables, { balancing, at, broker, by }: SetBalancing): Change {
  if (balancing === state.upkeep.balancing) return { result: { ok: true, index: state.head.appliedIndex } }
  state.upkeep = { ...state.upkeep, balancing }
  const action = balancing ? 'balance' : 'balanced'
  return changed(state, { at, broker, by, action, target: 'cluster', detail: '' })
}

function changed(state: MetadataTables, audit: NonNullable<Change['audit']>): Change {
  return { result: { ok: true, index: state.head.appliedIndex }, upkeep: true, audit }
}
