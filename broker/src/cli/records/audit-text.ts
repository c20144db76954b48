import { printable } from '../../platform/printable.ts'
import type { AuditEntry } from '../../security/audit/audit-trail.ts'
import { recordText, type TailedRecord } from './record-text.ts'

/** An entry of the audit for people, in one line; as it is where it is of another form. */
export function auditText(record: TailedRecord): string | Uint8Array {
  const entry = entryOf(record)
  if (entry === null) return recordText(record, 'text')
  const { at, broker, principal, host, action, target, outcome, code, times } = entry
  const who = `${principal || '-'} from ${host || '-'}`
  const ending = code === '' ? outcome : `${outcome} ${code}`
  const parts = [new Date(at).toISOString(), `broker ${broker}`, who, action, target, ending]
  return `${printable(parts.join('  '))}${times > 1 ? `  ${times} times` : ''}\n`
}

function entryOf({ value }: TailedRecord): AuditEntry | null {
  try {
    const text =
      typeof value === 'string' ? value : new TextDecoder('utf-8', { fatal: true }).decode(value ?? undefined)
    const entry = JSON.parse(text) as Partial<AuditEntry> | null
    const isEntry = typeof entry?.at === 'number' && typeof entry.action === 'string'
    return isEntry && Number.isFinite(new Date(entry.at!).getTime()) ? (entry as AuditEntry) : null
  } catch {
    return null
  }
}
