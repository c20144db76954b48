import type { Clock } from '../../platform/clock.ts'
import { readTextFile } from '../../platform/node/input-file.ts'
import type { Issued } from '../../platform/node/tls/issue-certificates.ts'
import { createAuthority, issueCertificate } from '../../platform/node/tls/issue-certificates.ts'
import { writeWholeFile } from '../../platform/node/written-file.ts'
import { UsageError } from '../command-failure.ts'
import type { PlannedCertificate } from './certificate-plan.ts'

export interface CertificateOrder {
  readonly plans: readonly PlannedCertificate[]
  readonly out: string
  /** The folder of a CA that signs; null: a new one is made in `out`. */
  readonly ca: string | null
  readonly days: number
}

/** Files of a certificate and its key that were written. */
interface WrittenPair {
  readonly certificate: string
  readonly key: string
  readonly isAuthority: boolean
  /** The name of a client; null: it is for a broker, or a CA. */
  readonly client: string | null
  /** Host names and addresses that it is for. */
  readonly names: readonly string[]
}

const authorityDays = 3650
const certificateMode = 0o644
const keyMode = 0o600

/**
 * Writes certificates and keys, and returns which. Files that exist are replaced only where an existing CA signs: that
 * is how certificates are renewed.
 * @throws UsageError: a new CA would take the place of another; TailraceError INVALID_SETTING: the CA cannot be used
 */
export async function createCertificates(order: CertificateOrder, clock: Clock): Promise<WrittenPair[]> {
  const { plans, out, ca, days } = order
  const authority = ca === null ? await newAuthority(out, plans, clock) : await readAuthority(ca)
  const written = ca === null ? [pairOf(out, 'ca', null)] : []
  for (const plan of plans) {
    const issued = await issueCertificate(authority, { ...plan, days }, clock.now())
    await writePair(out, plan.file, issued)
    written.push(pairOf(out, plan.file, plan))
  }
  // What brokers and clients need beside their own files.
  if (ca !== null && ca !== out) await writeWholeFile(`${out}/ca.crt`, authority.cert, certificateMode)
  return written
}

/** Lines for people about what `createCertificates` has written. */
export function writtenText(written: readonly WrittenPair[]): string {
  return written
    .map(({ certificate, isAuthority, client, names }) => {
      const about = isAuthority
        ? 'Keep ca.key away from the brokers: a program that has it can be any of them.'
        : names.join(', ') || `client ${client}`
      return `${certificate}, .key  ${about}`
    })
    .join('\n')
}

/** `plan`: null for the CA. */
function pairOf(out: string, file: string, plan: PlannedCertificate | null): WrittenPair {
  const names = plan === null ? [] : [...plan.dnsNames, ...plan.addresses]
  return {
    certificate: `${out}/${file}.crt`,
    key: `${out}/${file}.key`,
    isAuthority: plan === null,
    client: plan !== null && names.length === 0 ? plan.commonName : null,
    names,
  }
}

async function newAuthority(out: string, plans: readonly PlannedCertificate[], clock: Clock): Promise<Issued> {
  for (const file of ['ca', ...plans.map(({ file }) => file)]) {
    for (const path of [`${out}/${file}.crt`, `${out}/${file}.key`]) {
      if (await exists(path))
        throw new UsageError(
          `${path} exists; give --ca ${out} to sign with the CA that is there, or another folder with --out`,
        )
    }
  }
  const made = new Date(clock.now()).toISOString().slice(0, 16).replace('T', ' ')
  const authority = await createAuthority(`Tailrace CA ${made}`, authorityDays, clock.now())
  await writePair(out, 'ca', authority)
  return authority
}

async function readAuthority(folder: string): Promise<Issued> {
  try {
    return { cert: await readTextFile(`${folder}/ca.crt`), key: await readTextFile(`${folder}/ca.key`) }
  } catch (error) {
    throw new UsageError(`--ca ${folder} has no ca.crt and ca.key that can be read: ${(error as Error).message}`, {
      cause: error,
    })
  }
}

async function exists(path: string): Promise<boolean> {
  return readTextFile(path).then(
    () => true,
    (error: NodeJS.ErrnoException) => error.code !== 'ENOENT',
  )
}

async function writePair(out: string, file: string, { cert, key }: Issued): Promise<void> {
  await writeWholeFile(`${out}/${file}.key`, key, keyMode)
  await writeWholeFile(`${out}/${file}.crt`, cert, certificateMode)
}
