import type { Crypto } from '../../platform/crypto.ts'
import { CommandFailure } from '../command-failure.ts'
import { type Backup, isBackup, isObject } from './backup-shape.ts'
import { damaged, MANIFEST_HINT } from './damage.ts'

/** Of the manifest; a later version of Tailrace may write another one. */
const FORMAT = 1

export function newBackup(fields: Omit<Backup, 'format'>): Backup {
  return { format: FORMAT, ...fields }
}

export function manifestText(backup: Backup, crypto: Pick<Crypto, 'hash'>): string {
  return `${JSON.stringify({ sha256: digest(backup, crypto), backup }, null, 1)}\n`
}

/** @throws CommandFailure STORAGE_CORRUPT, NEWER_FORMAT; they name the file */
export function readManifest(text: string, file: string, crypto: Pick<Crypto, 'hash'>): Backup {
  const backup = signedPart(text, crypto)
  if (backup === null) throw damaged(file, 'its checksum does not fit its content', MANIFEST_HINT)
  const { format } = backup as Partial<Backup>
  if (Number.isSafeInteger(format) && format !== FORMAT) {
    throw new CommandFailure({
      code: 'NEWER_FORMAT',
      message: `${file} has format ${String(format)}; this version of Tailrace reads format ${FORMAT}.`,
      retriable: false,
      hint: 'Restore it with the version of Tailrace that made it, or a later one.',
    })
  }
  if (format !== FORMAT || !isBackup(backup)) throw damaged(file, 'it is no manifest of a backup', MANIFEST_HINT)
  return backup
}

function digest(backup: object, crypto: Pick<Crypto, 'hash'>): string {
  return Buffer.from(crypto.hash('sha256', new TextEncoder().encode(JSON.stringify(backup)))).toString('hex')
}

/** Null: it is no JSON, or its checksum is another one. */
function signedPart(text: string, crypto: Pick<Crypto, 'hash'>): object | null {
  try {
    const { sha256, backup } = JSON.parse(text) as { sha256: unknown; backup: unknown }
    return isObject(backup) && sha256 === digest(backup, crypto) ? backup : null
  } catch {
    // Also a RangeError: JSON that is nested too deeply can be parsed, but not written again.
    return null
  }
}
