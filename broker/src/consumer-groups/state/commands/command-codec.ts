import { BatchWriter, Compression, decodeBatch, formatTable, NO_PRODUCER, TailraceError } from '@tailrace/schemas'
import { isConsumerGroupCommand } from './command-fields.ts'
import type { ConsumerGroupCommand } from './consumer-group-command.ts'

const VERSION = formatTable.consumerGroupCommand.version

/**
 * One batch, ready to be proposed, of one command at least.
 * @throws TailraceError INVALID_REQUEST for a command that no broker could read
 */
export function encodeConsumerGroupCommands(commands: readonly ConsumerGroupCommand[]): Uint8Array {
  const writer = new BatchWriter()
  for (const command of commands) {
    const { type } = command
    if (!isConsumerGroupCommand(command)) {
      throw new TailraceError('INVALID_REQUEST', `A field of "${type}" is missing, too long or out of range.`)
    }
    writer.append({ timestamp: command.at, key: null, value: JSON.stringify({ version: VERSION, ...command }) })
  }
  return writer.finish({ producerId: NO_PRODUCER, producerEpoch: -1, baseSequence: -1, compression: Compression.none })
}

/** Null for anything that is no entry of commands, the same on every broker. Never throws. */
export function decodeConsumerGroupCommands(batch: Uint8Array): ConsumerGroupCommand[] | null {
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    const commands: ConsumerGroupCommand[] = []
    for (const { value } of decodeBatch(batch, 0, {})) {
      if (value === null) return null
      const command = JSON.parse(decoder.decode(value)) as { version?: unknown }
      if (command?.version !== VERSION || !isConsumerGroupCommand(command)) return null
      commands.push(command)
    }
    return commands
  } catch {
    return null
  }
}

/**
 * The first command of an entry that cannot be read, for people: its type, or its version where that is another one.
 */
export function nameOfUnreadable(batch: Uint8Array): string {
  try {
    for (const { value } of decodeBatch(batch, 0, {})) {
      const command = JSON.parse(new TextDecoder().decode(value!)) as Record<string, unknown>
      if (command.version !== VERSION) return `${shown(command.type)} of version ${shown(command.version)}`
      if (!isConsumerGroupCommand(command)) return shown(command.type)
    }
  } catch {
    // Told below.
  }
  return 'that is no JSON'
}

function shown(value: unknown): string {
  return String(JSON.stringify(value)).slice(0, 60)
}
