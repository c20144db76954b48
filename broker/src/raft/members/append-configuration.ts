import { EntryKind } from '@tailrace/schemas'
import type { Configuration, ConfigurationHeader } from '../config.ts'
import { followConfiguration } from '../replication/followers.ts'
import type { RaftState } from '../state.ts'

/** Leader: the configuration is an entry like any other, and governs from now on, itself included (M63, M68, M69). */
export function appendConfiguration(state: RaftState, configuration: Configuration): void {
  const { log, options, term } = state
  const header: ConfigurationHeader = {
    index: log.lastIndex + 1,
    term,
    kind: EntryKind.Configuration,
    baseOffset: log.nextOffset,
    lastOffset: log.nextOffset - 1,
    bytes: options.configurationBytes?.(configuration) ?? options.controlBytes,
    configuration,
  }
  log.append(header)
  followConfiguration(state)
  state.membership.active = true
  state.flushNeeded = true
}
