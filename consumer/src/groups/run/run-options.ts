import { refuseUnknown } from '@tailrace/client'
import { checkTopicName, TailraceError } from '@tailrace/schemas'
import {
  type HandlingOptions,
  type HandlingSettings,
  handlingNames,
  handlingSettings,
} from '../../run/handling-options.ts'

export interface RunOptions extends HandlingOptions {
  /**
   * Where a record goes after the last attempt that failed: to the topic of this name, or `<topic>.dlq` by default. It
   * counts as done then. false: `run` ends with the error of the handler, and the record comes again.
   */
  readonly deadLetters?: string | false
}

export interface RunSettings extends HandlingSettings {
  readonly deadLetters: string | false | undefined
}

/** @throws TailraceError INVALID_SETTING, INVALID_TOPIC_NAME */
export function runSettings(options: RunOptions): RunSettings {
  refuseUnknown(options, [...handlingNames, 'deadLetters'])
  const { deadLetters } = options
  if (typeof deadLetters === 'string') checkTopicName(deadLetters)
  else if (deadLetters !== undefined && deadLetters !== false)
    throw new TailraceError('INVALID_SETTING', 'deadLetters is no name of a topic, nor false.')
  return { ...handlingSettings(options), deadLetters }
}
