import type { Message } from '@tailrace/schemas'
import { isErrorCode } from '@tailrace/schemas'
import { isNatural, isPositive } from '../commands/command-checks.ts'
import type { CommandResult } from '../metadata-state.ts'

type Fields = Omit<Message<'MetadataCommandReply'>, 'correlation'>

/** The result of a command, as the metadata leader sends it back. */
export function commandResultFields(result: CommandResult): Fields {
  if (!result.ok) return { refusal: { code: result.code, detail: result.detail } }
  const { first = null, count = null, index = null } = result
  return { first, count, index }
}

export function isCommandResult({ refusal, first, count, index }: Fields): boolean {
  if (refusal != null) return true
  return [first, index].every((number) => number == null || isNatural(number)) && (count == null || isPositive(count))
}

/** A code that only a newer broker knows becomes INTERNAL. */
export function commandResultOf({ refusal, first, count, index }: Fields): CommandResult {
  if (refusal != null) {
    const { code, detail } = refusal
    return isErrorCode(code)
      ? { ok: false, code, detail }
      : { ok: false, code: 'INTERNAL', detail: `${code}: ${detail}` }
  }
  return {
    ok: true,
    ...(first != null && { first }),
    ...(count != null && { count }),
    ...(index != null && { index }),
  }
}
